import { z } from 'zod'
import { bytesSchema } from '../bytes-schema.ts'
import { decodeCbor, encodeCbor } from '../cbor.ts'
import { accountIdSchema, conversationIdSchema, deviceIdSchema } from '../ids.ts'
import { LIMITS } from '../limits.ts'
import { conversationHeadSchema } from '../operations/chat.ts'
import { epochSchema, seqSchema, timeMsSchema } from '../operations/fields.ts'
import { FRAME } from './hot-frames.ts'

/** Everything on the WebSocket that is not a message: the byte 0x10, then one CBOR map with its kind in `t`. */

const receiptFields = {
  conversationId: conversationIdSchema,
  /** The epoch whose exporter key seals the body. */
  epoch: epochSchema,
  body: bytesSchema({ atMost: LIMITS.receiptBytes }),
}

export const clientControlSchema = z.discriminatedUnion('t', [
  /** First frame of a connection. */
  z.strictObject({ t: z.literal('hello'), version: z.literal(1) }),
  /** Everything up to `seq` is stored on this device for good. */
  z.strictObject({ t: z.literal('cursor'), conversationId: conversationIdSchema, seq: seqSchema }),
  /** Sealed delivered and read cursors; the server keeps the newest of each device. */
  z.strictObject({ t: z.literal('receipt'), ...receiptFields }),
  /** Sealed and never stored: typing. */
  z.strictObject({
    t: z.literal('ephemeral'),
    ...receiptFields,
    body: bytesSchema({ atMost: LIMITS.ephemeralBytes }),
  }),
  /** Asks for the heads again; the answer heals a lost last message. */
  z.strictObject({ t: z.literal('heads') }),
  z.strictObject({ t: z.literal('ping') }),
])
export type ClientControl = z.infer<typeof clientControlSchema>

const senderFields = { senderAccount: accountIdSchema, senderDevice: deviceIdSchema }

export const serverControlSchema = z.discriminatedUnion('t', [
  z.object({
    t: z.literal('ready'),
    serverTime: timeMsSchema,
    /** The highest send counter the server has recorded for this device; a lower local one is a restored snapshot. */
    counter: z.number().int().nonnegative(),
    heads: z.array(conversationHeadSchema),
    receipts: z.array(z.object({ ...receiptFields, ...senderFields })),
    welcomes: z.number().int(),
    /** Newest revision of the account state. */
    stateRevision: z.number().int().nonnegative(),
    /** Letters of other devices of the account that wait for this one. */
    letters: z.number().int().nonnegative().default(0),
  }),
  /** Another device of this account has written account state. */
  z.object({ t: z.literal('state'), revision: z.number().int().nonnegative() }),
  z.object({ t: z.literal('heads'), heads: z.array(conversationHeadSchema), welcomes: z.number().int() }),
  z.object({ t: z.literal('receipt'), ...receiptFields, ...senderFields }),
  z.object({ t: z.literal('ephemeral'), ...receiptFields, ...senderFields }),
  /** A letter of another device of this account waits for this one: fetch it. */
  z.object({ t: z.literal('letter') }),
  /** A Welcome waits for this device: fetch it. */
  z.object({ t: z.literal('welcome'), conversationId: conversationIdSchema }),
  /** The log goes up to here: sent in place of an event that is too large for a frame. */
  z.object({ t: z.literal('head'), conversationId: conversationIdSchema, lastSeq: seqSchema }),
  /** An account was deleted. */
  z.object({ t: z.literal('gone'), accountId: accountIdSchema }),
  /** The last frame was refused; the connection lives on. */
  z.object({ t: z.literal('error'), code: z.string(), message: z.string() }),
  z.object({ t: z.literal('pong') }),
])
export type ServerControl = z.infer<typeof serverControlSchema>

function encodeControl(value: ClientControl | ServerControl): Uint8Array {
  const body = encodeCbor(value)
  const frame = new Uint8Array(body.length + 1)
  frame[0] = FRAME.control
  frame.set(body, 1)
  return frame
}

function decodeControl(bytes: Uint8Array): unknown {
  if (bytes[0] !== FRAME.control) return undefined
  try {
    return decodeCbor(bytes.subarray(1))
  } catch {
    return undefined
  }
}

export const encodeClientControl = (control: ClientControl): Uint8Array => encodeControl(control)
export const encodeServerControl = (control: ServerControl): Uint8Array => encodeControl(control)

/** Untrusted bytes → frame, or undefined. */
export const parseClientControl = (bytes: Uint8Array): ClientControl | undefined =>
  clientControlSchema.safeParse(decodeControl(bytes)).data

/** Untrusted bytes → frame, or undefined; a kind this version does not know is undefined too. */
export const parseServerControl = (bytes: Uint8Array): ServerControl | undefined =>
  serverControlSchema.safeParse(decodeControl(bytes)).data

/** WebSocket close codes of ours, beside 1000, 1001 (leaving), 1009 (too big) and 1012 (restart). */
export const CLOSE = {
  malformed: 4400,
  unauthorized: 4401,
  slowConsumer: 4408,
  rateLimited: 4429,
} as const

/** The sub-protocol named in the handshake; the one-time ticket follows as a second name `ticket.<ticket>`. */
export const SOCKET_PROTOCOL = 'entangle.v1'
export const SOCKET_PATH = '/v1/chat/socket'
