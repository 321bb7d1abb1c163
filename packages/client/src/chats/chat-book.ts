import type { ConversationId } from '@entangle/protocol'
import type { Changes } from '../account/changes.ts'
import type { ChatId } from '../api/engine-api.ts'
import type { GroupRecord } from '../groups/group-record.ts'
import { accountKeys } from '../store/keys.ts'
import type { Transaction } from '../store/ledger.ts'
import type { SealedStore } from '../store/sealed-store.ts'
import type { ChatRecord, DirectChat, GroupChat } from './chat-record.ts'

/** What is stored of a chat; the part of a group is stored beside it. */
type StoredChat = DirectChat | Omit<GroupChat, 'group'>
/** As an earlier version has stored it. */
type EarlierChat = Omit<DirectChat, 'kind' | 'suspect' | 'last'> & {
  readonly last: Omit<NonNullable<DirectChat['last']>, 'notice' | 'from'> | null
}

const LATER_FIELDS = { sweepDueAt: null, strangers: [] }

/** Records of a version that knew one device an account, and chats of two only, lack what came later. */
function completed(stored: StoredChat | EarlierChat): StoredChat {
  const { conversation } = stored
  const chat =
    conversation.phase === 'active'
      ? { ...stored, conversation: { ...LATER_FIELDS, ...conversation } }
      : stored
  if ('kind' in chat) return chat
  const { last } = chat
  return {
    ...chat,
    kind: 'direct',
    suspect: chat.warning === null ? null : chat.peer.accountId,
    last: last === null ? null : { ...last, notice: null, from: last.own ? null : chat.peer.accountId },
  }
}

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
      const stored = await records.scanRecords(accountKeys.chats, value => value as StoredChat | EarlierChat)
      for (const chat of stored.map(completed)) {
        if (chat.kind === 'direct') hold(chat)
        else {
          const group = await records.readRecord(accountKeys.group(chat.id), value => value as GroupRecord)
          if (group !== undefined) hold({ ...chat, group })
        }
      }
    },
    get: (id: ChatId): ChatRecord | undefined => chats.get(id),
    ofConversation: (id: ConversationId): ChatRecord | undefined => {
      const chatId = byConversation.get(id)
      return chatId === undefined ? undefined : chats.get(chatId)
    },
    all: (): IterableIterator<ChatRecord> => chats.values(),
    /** Part of a transaction; memory follows when it is durable. */
    stage(transaction: Transaction, chat: ChatRecord): void {
      if (chat.kind === 'direct') transaction.put(accountKeys.chat(chat.id), chat)
      else {
        const { group, ...stored } = chat
        transaction.put(accountKeys.chat(chat.id), stored)
        const known = chats.get(chat.id)
        if (known?.kind !== 'group' || known.group !== group) {
          transaction.put(accountKeys.group(chat.id), group)
        }
      }
      transaction.afterCommit(() => {
        hold(chat)
        changes.tell({ kind: 'chat', chatId: chat.id })
      })
    },
  }
}
export type ChatBook = ReturnType<typeof createChatBook>
