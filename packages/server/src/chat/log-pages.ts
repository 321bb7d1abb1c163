import { type ConversationId, EVENT_KINDS } from '@entangle/protocol'
import { sql } from 'kysely'
import type { ChatDatabase } from '../database/chat-schema.ts'
import { idBytes, idText } from '../database/packed-arrays.ts'
import { describeError, type Log } from '../logging.ts'
import type { Clock } from '../ports/clock.ts'
import type { LogEvent } from '../ports/shared-tail.ts'

/** What the log holds after `from`, up to and with `upTo`: a place that the caller knows to be stored. */
export type LogPages = {
  read(conversationId: ConversationId, from: number, upTo: number): Promise<readonly LogEvent[]>
}

type Parts = {
  readonly primary: ChatDatabase
  /** Copies that follow the primary, however far behind. */
  readonly replicas: readonly ChatDatabase[]
  readonly clock: Pick<Clock, 'now'>
  readonly log: Log
}

const PAGE_BYTES = 4 * 1024 * 1024
/** A replica that has failed is left alone for so long. */
const REST_MS = 10_000

type EventRow = {
  seq: number
  kind: number
  epoch: number
  message_id: Buffer
  sender_device: Buffer
  server_time: number
  body: Buffer
  newest: number
}

const eventOf = (row: EventRow): LogEvent => ({
  seq: row.seq,
  kind: EVENT_KINDS[row.kind] ?? 'application',
  epoch: row.epoch,
  messageId: idText(row.message_id),
  senderDevice: idText(row.sender_device),
  serverTime: row.server_time,
  body: row.body,
})

/**
 * The sum counts without reading the bodies; the first event is given whatever its size. `newest` is the last place of
 * the page before it was cut to size.
 */
async function readPage(database: ChatDatabase, conversationId: ConversationId, from: number, upTo: number) {
  const { rows } = await sql<EventRow>`
    SELECT seq, kind, epoch, message_id, sender_device, server_time, body, newest
    FROM (
      SELECT *, sum(octet_length(body)) OVER (ORDER BY seq) AS total, max(seq) OVER () AS newest FROM message
      WHERE conversation_id = ${idBytes(conversationId)} AND seq > ${from} AND seq <= ${upTo}
    ) counted
    WHERE total <= ${PAGE_BYTES} OR seq = ${from + 1}
    ORDER BY seq`.execute(database)
  return { newest: rows[0]?.newest ?? 0, events: rows.map(eventOf) }
}

/**
 * A message is written once, and those of one conversation are committed in the order of their places: a replica that
 * has the last place of a page has all of it, as it will always be. Where it has not come so far, the primary answers.
 */
export function createLogPages({ primary, replicas, clock, log }: Parts): LogPages {
  const restingUntil = new Map<ChatDatabase, number>()

  async function readFromReplica(
    ...[conversationId, from, upTo]: Parameters<LogPages['read']>
  ): Promise<readonly LogEvent[] | undefined> {
    const awake = replicas.filter(replica => (restingUntil.get(replica) ?? 0) <= clock.now())
    const replica = awake[Math.floor(Math.random() * awake.length)]
    if (replica === undefined) return undefined
    try {
      const { newest, events } = await readPage(replica, conversationId, from, upTo)
      return newest === upTo ? events : undefined
    } catch (error) {
      restingUntil.set(replica, clock.now() + REST_MS)
      log.warn('replica not read', describeError(error))
      return undefined
    }
  }

  return {
    async read(...place) {
      return (await readFromReplica(...place)) ?? (await readPage(primary, ...place)).events
    },
  }
}
