import {
  type ConversationId,
  DELIVER_HEADER_BYTES,
  type DeliverFrame,
  encodeDeliver,
  parseDeliver,
} from '@entangle/protocol'
import { RESP_TYPES } from '@redis/client'
import type { Clock } from '../../ports/clock.ts'
import type { LogEvent, SharedTail } from '../../ports/shared-tail.ts'
import { type Redis, within } from './client.ts'

/** Reading the log takes a few milliseconds: who waits for longer than this has lost by it. */
const ANSWER_WITHIN_MS = 100
/** After a failure nothing is asked for so long. */
const REST_MS = 5000
/** As long as it takes those of a node that died to come to others. Tickets live as long: neither pushes the other out. */
const KEPT_FOR_MS = 30_000
const CONVERSATION_BYTES = 256 * 1024
/** What one node writes in `KEPT_FOR_MS`: whatever is read, Redis is not filled. */
const NODE_BYTES = 16 * 1024 * 1024
const LENGTH_BYTES = 4

const keyOf = (conversationId: ConversationId): string => `tail:${conversationId}`

const sizeOf = (events: readonly LogEvent[]): number =>
  events.reduce((total, { body }) => total + LENGTH_BYTES + DELIVER_HEADER_BYTES + body.length, 0)

/** The frames of the events, each behind its length. */
function encode(conversationId: ConversationId, events: readonly LogEvent[]): Buffer {
  const bytes = Buffer.allocUnsafe(sizeOf(events))
  let at = 0
  for (const event of events) {
    encodeDeliver({ ...event, conversationId }, length => {
      at = bytes.writeUInt32BE(length, at) + length
      return bytes.subarray(at - length, at)
    })
  }
  return bytes
}

function* decode(bytes: Buffer): Generator<DeliverFrame | undefined> {
  for (let at = 0; at + LENGTH_BYTES <= bytes.length; ) {
    const from = at + LENGTH_BYTES
    at = from + bytes.readUInt32BE(at)
    yield parseDeliver(bytes.subarray(from, at))
  }
}

/** Exactly the events that are asked for, or nothing. */
function cutOut(
  bytes: Buffer,
  ...[conversationId, after, upTo]: Parameters<SharedTail['read']>
): readonly LogEvent[] | undefined {
  const events: LogEvent[] = []
  for (const frame of decode(bytes)) {
    if (frame === undefined || frame.conversationId !== conversationId) return undefined
    if (frame.seq <= after || frame.seq > upTo) continue
    if (frame.seq !== after + events.length + 1) return undefined
    const { conversationId: _, ...event } = frame
    events.push(event)
  }
  return events.length === upTo - after ? events : undefined
}

/**
 * One value for each conversation: the page that was read last, as it was read. So all of it is of one moment of the
 * database, and its last event says of which.
 */
export function createRedisSharedTail(
  client: Redis,
  clock: Pick<Clock, 'now'>,
  answerWithinMs = ANSWER_WITHIN_MS,
): SharedTail {
  const binary = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer })
  let restingUntil = 0
  let spent = { since: 0, bytes: 0 }

  const isResting = () => clock.now() < restingUntil
  function rest(): undefined {
    restingUntil = clock.now() + REST_MS
    return undefined
  }

  /** Whether this node has room for so many bytes more. */
  function spend(bytes: number): boolean {
    const now = clock.now()
    if (now < spent.since || now - spent.since >= KEPT_FOR_MS) spent = { since: now, bytes: 0 }
    if (spent.bytes + bytes > NODE_BYTES) return false
    spent.bytes += bytes
    return true
  }

  return {
    async read(conversationId, after, upTo) {
      if (upTo <= after) return []
      if (isResting()) return undefined
      try {
        const found = await within(binary.get(keyOf(conversationId)), answerWithinMs)
        return found === null ? undefined : cutOut(found, conversationId, after, upTo)
      } catch {
        return rest()
      }
    },
    keep(conversationId, events) {
      const bytes = sizeOf(events)
      if (events.length === 0 || bytes > CONVERSATION_BYTES || isResting() || !spend(bytes)) return
      const expiration = { type: 'PX', value: KEPT_FOR_MS } as const
      within(client.set(keyOf(conversationId), encode(conversationId, events), { expiration })).catch(rest)
    },
  }
}
