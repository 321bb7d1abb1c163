import type { MessageId } from '@entangle/protocol'
import type { Changes } from '../account/changes.ts'
import type { ChatId } from '../api/engine-api.ts'
import { accountKeys } from '../store/keys.ts'
import type { Transaction } from '../store/ledger.ts'
import type { SealedStore } from '../store/sealed-store.ts'
import { type OutboxContent, type OutboxEntry, readEntry } from './outbox-entry.ts'

type Acceptance = { readonly seq: number; readonly time: number }

/** All outboxes as they are stored, in memory, and what the server has accepted of them meanwhile. */
export function createOutboxBook(changes: Changes) {
  const chats = new Map<ChatId, Map<number, OutboxEntry>>()
  const accepted = new Map<MessageId, Acceptance>()

  const hold = (entry: OutboxEntry) => {
    const entries = chats.get(entry.chatId) ?? new Map<number, OutboxEntry>()
    entries.set(entry.place, entry)
    chats.set(entry.chatId, entries)
  }

  const list = (chatId: ChatId): OutboxEntry[] =>
    [...(chats.get(chatId)?.values() ?? [])].sort((one, other) => one.place - other.place)

  const stagePut = (transaction: Transaction, entry: OutboxEntry): void => {
    transaction.put(accountKeys.outbox(entry.chatId, entry.place), entry)
    transaction.afterCommit(() => {
      hold(entry)
      changes.tell({ kind: 'chat', chatId: entry.chatId })
    })
  }

  return {
    async load(records: SealedStore): Promise<void> {
      for (const entry of await records.scanRecords(accountKeys.outboxes, readEntry)) hold(entry)
    },
    /** In order. */
    list,
    isEmpty: (chatId: ChatId): boolean => (chats.get(chatId)?.size ?? 0) === 0,
    chats: (): ChatId[] => [...chats.keys()],
    find: (chatId: ChatId, messageId: MessageId): OutboxEntry | undefined =>
      list(chatId).find(entry => entry.messageId === messageId),
    acceptance: (messageId: MessageId): Acceptance | undefined => accepted.get(messageId),
    accept(chatId: ChatId, messageId: MessageId, acceptance: Acceptance): void {
      accepted.set(messageId, acceptance)
      changes.tell({ kind: 'chat', chatId })
    },
    stagePut,
    /** Part of a transaction: what is to be sent in a chat, behind what waits there. */
    stageNew(
      transaction: Transaction,
      chatId: ChatId,
      messages: readonly { readonly messageId: MessageId; readonly content: OutboxContent }[],
      createdAt: number,
    ): void {
      const last = list(chatId).at(-1)?.place ?? 0
      messages.forEach(({ messageId, content }, index) => {
        const place = last + 1 + index
        stagePut(transaction, { chatId, place, messageId, content, createdAt, state: { kind: 'queued' } })
      })
    },
    stageRemove(transaction: Transaction, entry: OutboxEntry): void {
      transaction.remove(accountKeys.outbox(entry.chatId, entry.place))
      transaction.afterCommit(() => {
        chats.get(entry.chatId)?.delete(entry.place)
        accepted.delete(entry.messageId)
        changes.tell({ kind: 'chat', chatId: entry.chatId })
      })
    },
  }
}
export type OutboxBook = ReturnType<typeof createOutboxBook>
