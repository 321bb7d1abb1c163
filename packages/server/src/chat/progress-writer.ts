import type { AccountId, ConversationId, DeviceId } from '@entangle/protocol'
import type pg from 'pg'
import { packBytes, packIds, packIntegers } from '../database/packed-arrays.ts'
import { describeError, type Log } from '../logging.ts'

export type ReceiptRecord = {
  readonly conversationId: ConversationId
  readonly deviceId: DeviceId
  readonly accountId: AccountId
  readonly epoch: number
  readonly body: Uint8Array
}

/**
 * Cursors and receipts: only the newest of each (conversation, device) counts, so what comes while a write
 * is under way is merged. Both are hints; what a crash loses, the device sends again.
 */
export type ProgressWriter = {
  cursor(conversationId: ConversationId, deviceId: DeviceId, seq: number): void
  receipt(record: ReceiptRecord): void
  /** Resolves when all that came so far is written, or could not be. */
  drain(): Promise<void>
}

const PENDING_LIMIT = 50_000

const CURSORS = `
  INSERT INTO device_cursor AS d (conversation_id, device_id, seq)
  SELECT u.conversation_id, u.device_id, LEAST(u.seq, c.last_seq)
  FROM unnest($1::bytea[], $2::bytea[], $3::bigint[]) AS u (conversation_id, device_id, seq)
  JOIN conversation c ON c.id = u.conversation_id
  ORDER BY 1, 2
  ON CONFLICT (conversation_id, device_id) DO UPDATE SET seq = EXCLUDED.seq WHERE d.seq < EXCLUDED.seq`

const RECEIPTS = `
  INSERT INTO receipt (conversation_id, device_id, account_id, epoch, body)
  SELECT u.conversation_id, u.device_id, u.account_id, u.epoch, u.body
  FROM unnest($1::bytea[], $2::bytea[], $3::bytea[], $4::bigint[], $5::bytea[])
    AS u (conversation_id, device_id, account_id, epoch, body)
  ORDER BY 1, 2
  ON CONFLICT (conversation_id, device_id) DO UPDATE SET epoch = EXCLUDED.epoch, body = EXCLUDED.body`

type Cursor = { readonly conversationId: ConversationId; readonly deviceId: DeviceId; readonly seq: number }

export function createProgressWriter(pool: pg.Pool, log: Log): ProgressWriter {
  let cursors = new Map<string, Cursor>()
  let receipts = new Map<string, ReceiptRecord>()
  let running: Promise<void> | undefined

  async function writeCursors(): Promise<void> {
    const batch = [...cursors.values()]
    cursors = new Map()
    if (batch.length === 0) return
    await pool.query({
      name: 'cursors',
      text: CURSORS,
      values: [
        packIds(batch.map(each => each.conversationId)),
        packIds(batch.map(each => each.deviceId)),
        packIntegers(batch.map(each => each.seq)),
      ],
    })
  }

  async function writeReceipts(): Promise<void> {
    const batch = [...receipts.values()]
    receipts = new Map()
    if (batch.length === 0) return
    await pool.query({
      name: 'receipts',
      text: RECEIPTS,
      values: [
        packIds(batch.map(each => each.conversationId)),
        packIds(batch.map(each => each.deviceId)),
        packIds(batch.map(each => each.accountId)),
        packIntegers(batch.map(each => each.epoch)),
        packBytes(batch.map(each => each.body)),
      ],
    })
  }

  async function run(): Promise<void> {
    await writeCursors()
    await writeReceipts()
  }

  function start(): void {
    running ??= run()
      .catch(error => log.warn('progress not written', describeError(error)))
      .finally(() => {
        running = undefined
        if (cursors.size > 0 || receipts.size > 0) start()
      })
  }

  return {
    cursor(conversationId, deviceId, seq) {
      const key = conversationId + deviceId
      const known = cursors.get(key)
      if (known !== undefined && known.seq >= seq) return
      if (known === undefined && cursors.size >= PENDING_LIMIT) return
      cursors.set(key, { conversationId, deviceId, seq })
      start()
    },
    receipt(record) {
      const key = record.conversationId + record.deviceId
      if (!receipts.has(key) && receipts.size >= PENDING_LIMIT) return
      receipts.set(key, record)
      start()
    },
    async drain() {
      // What the write that is under way left out is in the next one; the one after that is of those who write on.
      await running
      await running
    },
  }
}
