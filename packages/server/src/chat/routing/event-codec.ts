import {
  accountIdSchema,
  conversationIdSchema,
  type DeviceId,
  decodeCbor,
  deviceIdSchema,
  encodeCbor,
  encodeDeliver,
  FRAME,
  parseDeliver,
} from '@entangle/protocol'
import { z } from 'zod'
import type { EventCodec } from '../../ports/event-bus.ts'
import type { SessionId } from '../../ports/session-verifier.ts'
import type { ChatEvent } from '../chat-event.ts'
import { DELIVERED_BYTES, deliveryOf } from '../deliver-frames.ts'

const bytes = z
  .instanceof(Uint8Array)
  .transform(value => Buffer.from(value.buffer, value.byteOffset, value.length))
const revision = z.number().int().nonnegative()
const sessionId = z.string().transform(value => value as SessionId)

const schema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('forward'),
    conversationId: conversationIdSchema,
    exceptDevice: z.string().transform(value => value as DeviceId),
    frame: bytes,
  }),
  z.object({
    kind: z.enum(['joined', 'left']),
    conversationId: conversationIdSchema,
    deviceIds: z.array(deviceIdSchema),
  }),
  z.object({ kind: z.literal('welcome'), conversationId: conversationIdSchema, deviceId: deviceIdSchema }),
  z.object({
    kind: z.literal('announced'),
    conversationId: conversationIdSchema,
    accountIds: z.array(accountIdSchema),
  }),
  z.object({ kind: z.literal('state'), accountId: accountIdSchema, exceptDevice: deviceIdSchema, revision }),
  z.object({ kind: z.literal('letter'), deviceIds: z.array(deviceIdSchema) }),
  z.object({ kind: z.literal('gone'), accountId: accountIdSchema, tell: z.array(deviceIdSchema) }),
  z.object({ kind: z.literal('sessions-ended'), sessionIds: z.array(sessionId) }),
  z.object({ kind: z.literal('device-revoked'), deviceId: deviceIdSchema }),
])

const NOBODY = '' as DeviceId

/** Of a large event of the log only the word goes that it is there. */
function portable(event: ChatEvent): unknown {
  if (event.kind !== 'deliver') return event
  const { conversationId, frame } = event
  return { kind: 'forward', conversationId, exceptDevice: NOBODY, frame }
}

function decode(encoded: Uint8Array): ChatEvent | undefined {
  if (encoded[0] === FRAME.deliver) {
    const event = parseDeliver(bytes.parse(encoded))
    return event && deliveryOf(event)
  }
  return schema.safeParse(decodeCbor(encoded)).data
}

/**
 * An event of the log goes as its binary frame, whose first byte no map in CBOR begins with; all others as CBOR. Nodes
 * of two versions may meet on the bus: a kind of event that one does not know it leaves out.
 */
export const chatEventCodec: EventCodec<ChatEvent> = {
  encode: event =>
    event.kind === 'deliver' && event.event.body.length <= DELIVERED_BYTES
      ? encodeDeliver(event.event)
      : encodeCbor(portable(event)),
  decode(encoded) {
    try {
      return decode(encoded)
    } catch {
      return undefined
    }
  },
}
