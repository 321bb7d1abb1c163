import {
  accountIdSchema,
  conversationIdSchema,
  type DeviceId,
  decodeCbor,
  deviceIdSchema,
  encodeCbor,
  encodeDeliver,
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
  z.object({ kind: z.literal('deliver'), event: bytes }),
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

/** An event of the log goes as its binary frame; of a large one only the word that it is there. */
function portable(event: ChatEvent): unknown {
  if (event.kind !== 'deliver') return event
  if (event.event.body.length <= DELIVERED_BYTES)
    return { kind: 'deliver', event: encodeDeliver(event.event) }
  const { conversationId, frame } = event
  return { kind: 'forward', conversationId, exceptDevice: NOBODY, frame }
}

function restore(value: unknown): ChatEvent[] {
  const parsed = schema.safeParse(value).data
  if (parsed === undefined) return []
  if (parsed.kind !== 'deliver') return [parsed]
  const event = parseDeliver(parsed.event)
  return event === undefined ? [] : [deliveryOf(event)]
}

/** Nodes of two versions may meet on the bus: a kind of event that one does not know it leaves out. */
export const chatEventCodec: EventCodec<ChatEvent> = {
  encode: events => encodeCbor(events.map(portable)),
  decode(encoded) {
    try {
      const list = decodeCbor(encoded)
      return Array.isArray(list) ? list.flatMap(restore) : []
    } catch {
      return []
    }
  },
}
