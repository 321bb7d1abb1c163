import type { MessageLog } from '../timeline/message-log.ts'
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
