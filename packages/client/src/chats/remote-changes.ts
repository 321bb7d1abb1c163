import type { ChatId } from '../api/engine-api.ts'
import type { Ledger } from '../store/ledger.ts'
import type { MessageLog } from '../timeline/message-log.ts'
import type { ChatBook } from './chat-book.ts'
import type { ChatRecord } from './chat-record.ts'

/** The chat as it is when everything up to `seq` has been read; undefined when that is no news. */
export async function readUpTo(
  log: Pick<MessageLog, 'countUnread'>,
  chat: ChatRecord,
  seq: number,
): Promise<ChatRecord | undefined> {
  if (seq <= chat.readSeq) return undefined
  const unread = seq >= (chat.last?.seq ?? 0) ? 0 : await log.countUnread(chat.id, seq)
  return { ...chat, readSeq: seq, unread }
}

/** What another device of the account has decided about a chat. Only what is told is changed. */
export type RemoteDecision = Partial<Pick<ChatRecord, 'standing' | 'blocked' | 'hidden' | 'draft'>>

/** Changes that the account state brings from other devices. A chat that is not here yet is left alone. */
export function createRemoteChanges(input: {
  readonly chats: ChatBook
  readonly ledger: Ledger
  readonly log: MessageLog
}) {
  const { chats, ledger, log } = input
  const edit = (
    chatId: ChatId,
    change: (chat: ChatRecord) => ChatRecord | Promise<ChatRecord | undefined>,
  ): Promise<void> =>
    ledger.transact(async transaction => {
      const chat = chats.get(chatId)
      const next = chat === undefined ? undefined : await change(chat)
      if (next !== undefined) chats.stage(transaction, next)
    })

  return {
    /** The person has read up to `seq` elsewhere. What is not here yet is read when it comes. */
    applyReadCursor: (chatId: ChatId, seq: number): Promise<void> =>
      edit(chatId, chat => readUpTo(log, chat, seq)),
    applyDecision: (chatId: ChatId, decision: RemoteDecision): Promise<void> =>
      edit(chatId, chat => ({ ...chat, ...decision })),
  }
}
export type RemoteChanges = ReturnType<typeof createRemoteChanges>
