import { type ConversationId, LIMITS, ProtocolError } from '@entangle/protocol'
import { accountKeys } from '../store/keys.ts'
import { createQuota } from '../sync/quota.ts'
import { createRepeatable } from '../sync/repeatable.ts'
import type { MessageRecord } from '../timeline/message-record.ts'
import type { ArchiveCodec, SealedRecord } from './archive-codec.ts'
import { type ArchiveRoom, backfill, type PendingBatch, readPending } from './pending.ts'

/** Well below what one body may hold. */
const MOST_BYTES = 3 * 1024 * 1024

/** Brings what waits into the archive, oldest first in each conversation, in batches, when nothing is urgent. */
export function createUploader(room: ArchiveRoom, codec: ArchiveCodec) {
  const { calls, timing, diagnostics, ledger, log, records } = room

  const settle = (batch: PendingBatch, seqs: Iterable<number>): Promise<void> =>
    ledger.transact(transaction => {
      for (const seq of seqs) transaction.remove(accountKeys.archivePending(batch.conversationId, seq))
    })

  /** The batch's messages, as many as one request may carry, and the places that are done with by it. */
  const collect = async (batch: PendingBatch) => {
    const [first = 0] = batch.seqs
    const page = await log.after(batch.chatId, first - 1, LIMITS.archiveRecordsPerPage)
    const wanted = new Set(batch.seqs)
    const lastRead: MessageRecord | undefined = page.more ? page.messages.at(-1) : undefined
    const sealed: SealedRecord[] = []
    let sizeBytes = 0
    let end = lastRead?.seq ?? Number.POSITIVE_INFINITY
    for (const message of page.messages) {
      const record = wanted.has(message.seq) ? codec.seal(batch.conversationId, message) : undefined
      if (record === undefined) continue
      if (sizeBytes + record.sealed.length > MOST_BYTES) {
        end = message.seq - 1
        break
      }
      sizeBytes += record.sealed.length
      sealed.push(record)
    }
    return { sealed, done: batch.seqs.filter(seq => seq <= end) }
  }

  const write = async (conversationId: ConversationId, sealed: readonly SealedRecord[]) => {
    try {
      await calls.call('writeArchive', { conversationId, records: [...sealed] })
      quota.taken()
    } catch (error) {
      if (!(error instanceof ProtocolError) || error.code !== 'CHAT_CONVERSATION_NOT_FOUND') throw error
      diagnostics.note('ARCHIVE_REFUSED', error)
    }
  }

  /** Answers whether there may be more. What finds no room goes on waiting. */
  const upload = async (): Promise<boolean> => {
    if (!quota.mayTry()) return false
    const batch = await readPending(records, LIMITS.archiveRecordsPerPage)
    if (batch === undefined) return false
    const { sealed, done } = await collect(batch)
    try {
      if (sealed.length > 0) await write(batch.conversationId, sealed)
    } catch (error) {
      if (!(error instanceof ProtocolError) || error.code !== 'CHAT_ARCHIVE_FULL') throw error
      diagnostics.note('ARCHIVE_FULL')
      quota.exhausted()
      return false
    }
    await settle(batch, done)
    return true
  }

  const uploads = createRepeatable(room, {
    code: 'ARCHIVE_UPLOAD_FAILED',
    work: async () => {
      await backfill(room)
      return upload()
    },
  })
  const quota = createQuota(room.clock, uploads.want)

  return {
    /** Something waits, or the connection has come back. Many calls lead to one upload. */
    wake: (): void => uploads.wantIn(timing.archiveDelay),
    finish: uploads.finish,
    quota,
    stop(): void {
      uploads.stop()
      quota.stop()
    },
  }
}
export type Uploader = ReturnType<typeof createUploader>
