import type { ConversationId } from '@entangle/protocol'
import type { Changes } from '../account/changes.ts'
import type { ChatId } from '../api/engine-api.ts'
import { accountKeys } from '../store/keys.ts'
import type { Transaction } from '../store/ledger.ts'
import type { SealedStore } from '../store/sealed-store.ts'
import type { ChatRecord } from './chat-record.ts'

/** Records of a version that knew one device an account lack what came later. */
const completed = (chat: ChatRecord): ChatRecord =>
  chat.conversation.phase === 'active'
    ? { ...chat, conversation: { ...LATER_FIELDS, ...chat.conversation } }
    : chat
const LATER_FIELDS = { sweepDueAt: null, strangers: [] }

/** All chats as they are stored, in memory. */
export function createChatBook(changes: Changes) {
  const chats = new Map<ChatId, ChatRecord>()
  const byConversation = new Map<ConversationId, ChatId>()

  const hold = (chat: ChatRecord) => {
    const before = chats.get(chat.id)
    if (before !== undefined && before.conversation.phase !== 'none') {
      byConversation.delete(before.conversation.conversationId)
    }
    chats.set(chat.id, chat)
    if (chat.conversation.phase !== 'none') byConversation.set(chat.conversation.conversationId, chat.id)
  }

  return {
    async load(records: SealedStore): Promise<void> {
      // Written by this engine and sealed: its form needs no second check.
      for (const chat of await records.scanRecords(accountKeys.chats, value => value as ChatRecord))
        hold(completed(chat))
    },
    get: (id: ChatId): ChatRecord | undefined => chats.get(id),
    ofConversation: (id: ConversationId): ChatRecord | undefined => {
      const chatId = byConversation.get(id)
      return chatId === undefined ? undefined : chats.get(chatId)
    },
    all: (): IterableIterator<ChatRecord> => chats.values(),
    /** Part of a transaction; memory follows when it is durable. */
    stage(transaction: Transaction, chat: ChatRecord): void {
      transaction.put(accountKeys.chat(chat.id), chat)
      transaction.afterCommit(() => {
        hold(chat)
        changes.tell({ kind: 'chat', chatId: chat.id })
      })
    },
  }
}
export type ChatBook = ReturnType<typeof createChatBook>
