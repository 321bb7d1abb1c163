import type { ConversationId } from '@entangle/protocol'
import type { Changes } from '../account/changes.ts'
import type { ChatId } from '../api/engine-api.ts'
import { accountKeys } from '../store/keys.ts'
import type { Transaction } from '../store/ledger.ts'
import type { SealedStore } from '../store/sealed-store.ts'
import type { ChatRecord } from './chat-record.ts'
import { readChats, stageChat } from './stored-chat.ts'

/** All chats as they are stored, in memory. */
export function createChatBook(changes: Changes) {
  const chats = new Map<ChatId, ChatRecord>()
  const byConversation = new Map<ConversationId, ChatId>()

  const unlink = (id: ChatId) => {
    const before = chats.get(id)
    if (before !== undefined && before.conversation.phase !== 'none') {
      byConversation.delete(before.conversation.conversationId)
    }
  }

  const hold = (chat: ChatRecord) => {
    unlink(chat.id)
    chats.set(chat.id, chat)
    if (chat.conversation.phase !== 'none') byConversation.set(chat.conversation.conversationId, chat.id)
  }

  return {
    async load(records: SealedStore): Promise<void> {
      for (const chat of await readChats(records)) hold(chat)
    },
    get: (id: ChatId): ChatRecord | undefined => chats.get(id),
    ofConversation: (id: ConversationId): ChatRecord | undefined => {
      const chatId = byConversation.get(id)
      return chatId === undefined ? undefined : chats.get(chatId)
    },
    all: (): IterableIterator<ChatRecord> => chats.values(),
    /** Part of a transaction; memory follows when it is durable. */
    stage(transaction: Transaction, chat: ChatRecord): void {
      stageChat(transaction, chats.get(chat.id), chat)
      transaction.afterCommit(() => {
        hold(chat)
        changes.tell({ kind: 'chat', chatId: chat.id })
      })
    },
    /** Part of a transaction: as if it had never been. */
    stageRemove(transaction: Transaction, id: ChatId): void {
      for (const key of [accountKeys.chat(id), accountKeys.group(id), accountKeys.pendingCommit(id)]) {
        transaction.remove(key)
      }
      transaction.afterCommit(() => {
        unlink(id)
        chats.delete(id)
        changes.tell({ kind: 'chat', chatId: id })
      })
    },
  }
}
export type ChatBook = ReturnType<typeof createChatBook>
