import { LIMITS } from '@entangle/protocol'
import type pg from 'pg'
import { packBytes, packIds, packIntegers } from '../database/packed-arrays.ts'
import type { IncomingMessage, MessageStore } from './message-store.ts'

type Row = {
  readonly ord: number
  readonly status: number
  readonly seq: number
  readonly server_time: number
  readonly fresh: boolean
}

const TEXT =
  'SELECT ord, status, seq, server_time, fresh FROM ingest($1::bytea[], $2::bytea[], $3::bytea[], $4::bigint[], $5::bigint[], $6::bytea[], $7::bytea[], $8::bytea[], $9, $10)'

/** Synchronous replication was cancelled: PostgreSQL says "committed" and warns that a failover may lose it. */
const DOUBTFUL = /synchronous replication/i

const parametersOf = (batch: readonly IncomingMessage[], nowMs: number): unknown[] => [
  packIds(batch.map(message => message.conversationId)),
  packIds(batch.map(message => message.senderDevice)),
  packIds(batch.map(message => message.messageId)),
  packIntegers(batch.map(message => message.epoch)),
  packIntegers(batch.map(message => message.counter)),
  packBytes(batch.map(message => message.body)),
  packBytes(batch.map(message => message.digest)),
  packIds([...new Set(batch.map(message => message.conversationId))]),
  LIMITS.pastEpochs,
  nowMs,
]

/** One function call a batch: one round trip and one transaction, committed when it answers. */
export function createPostgresMessageStore(pool: pg.Pool): MessageStore {
  return {
    async append(batch, nowMs) {
      const client = await pool.connect()
      let broken: Error | undefined
      let doubtful = false
      const onError = (error: Error) => {
        broken = error
      }
      const onNotice = (notice: { message?: string | undefined }) => {
        doubtful ||= DOUBTFUL.test(notice.message ?? '')
      }
      client.on('error', onError)
      client.on('notice', onNotice)
      try {
        const { rows } = await client.query<Row>({
          name: 'ingest',
          text: TEXT,
          values: parametersOf(batch, nowMs),
        })
        if (doubtful) throw new OutcomeUnknownError()
        const outcomes: Row[] = new Array(batch.length)
        for (const row of rows) outcomes[row.ord - 1] = row
        return outcomes.map(row => ({
          status: row.status,
          seq: row.seq,
          serverTime: row.server_time,
          fresh: row.fresh,
        }))
      } finally {
        client.off('error', onError)
        client.off('notice', onNotice)
        client.release(broken)
      }
    },
  }
}

/** Whether the batch is stored cannot be said. Sending the same again gives the answer. */
export class OutcomeUnknownError extends Error {
  override readonly name = 'OutcomeUnknownError'
}
