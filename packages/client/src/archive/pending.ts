import type { ConversationId } from '@entangle/protocol'
import { decodeCbor } from '@entangle/protocol'
import type { AccountRoom } from '../account/room.ts'
import type { ChatId } from '../api/engine-api.ts'
import { prefixRange } from '../ports/key-value-store.ts'
import { accountKeys } from '../store/keys.ts'
import type { Transaction } from '../store/ledger.ts'
import type { SealedStore } from '../store/sealed-store.ts'
import type { MessageRecord } from '../timeline/message-record.ts'

/** What the archive's rooms share. */
export type ArchiveRoom = Pick<
  AccountRoom,
  | 'archiveKeys'
  | 'calls'
  | 'chats'
  | 'clock'
  | 'timing'
  | 'diagnostics'
  | 'ledger'
  | 'log'
  | 'records'
  | 'self'
  | 'sender'
>

const BACKFILL_PAGE = 256

/** Messages of one conversation that wait to be archived, in order. */
export type PendingBatch = {
  readonly conversationId: ConversationId
  readonly chatId: ChatId
  readonly seqs: readonly number[]
}

/** Part of the write that stores the messages: what is stored here gets into the archive, whatever crashes. */
export function stagePending(
  transaction: Transaction,
  conversationId: ConversationId,
  chatId: ChatId,
  messages: readonly MessageRecord[],
): void {
  for (const { seq, content } of messages) {
    if (content.kind !== 'pending') transaction.put(accountKeys.archivePending(conversationId, seq), chatId)
  }
}

/** Up to `limit` messages of the first conversation that has any. */
export async function readPending(records: SealedStore, limit: number): Promise<PendingBatch | undefined> {
  const found = await records.scan(prefixRange(accountKeys.archivePendings), { limit })
  const places = found.map(({ key, value }) => {
    const [, conversationId = '', seq = ''] = key.split('/')
    return { conversationId: conversationId as ConversationId, seq: Number(seq), value }
  })
  const [first] = places
  if (first === undefined) return undefined
  const { conversationId } = first
  return {
    conversationId,
    chatId: decodeCbor(first.value) as ChatId,
    seqs: places.filter(place => place.conversationId === conversationId).map(({ seq }) => seq),
  }
}

/**
 * Once for each device: what was stored before there was an archive waits for it too. Repeating it after a crash
 * is harmless, because the archive keeps the first record of each message.
 */
export async function backfill({ chats, ledger, log, records }: ArchiveRoom): Promise<void> {
  if ((await records.get(accountKeys.archiveBackfilled)) !== undefined) return
  for (const { id, conversation } of chats.all()) {
    if (conversation.phase === 'none') continue
    for (let from = 0; ; ) {
      const page = await log.after(id, from, BACKFILL_PAGE)
      await ledger.transact(transaction =>
        stagePending(transaction, conversation.conversationId, id, page.messages),
      )
      from = page.messages.at(-1)?.seq ?? from
      if (!page.more) break
    }
  }
  await ledger.transact(transaction => transaction.put(accountKeys.archiveBackfilled, true))
}
