import { countsAsUnread, type MessageRecord } from '../timeline/message-record.ts'
import type { ChatRecord } from './chat-record.ts'

/** What the list of chats shows of the newest message. */
export const previewOf = ({ id, seq, content, own, from, time }: MessageRecord): ChatRecord['last'] => ({
  messageId: id,
  seq,
  text: content.kind === 'text' ? content.text : '',
  notice: content.kind === 'notice' ? content.notice : null,
  own,
  from,
  time,
})

/** The chat when messages that it had can be read. */
export function withPreview<Chat extends ChatRecord>(chat: Chat, changed: readonly MessageRecord[]): Chat {
  const newest = changed.find(({ id, seq }) => seq === chat.last?.seq && id === chat.last.messageId)
  return newest === undefined ? chat : { ...chat, last: previewOf(newest) }
}

/** What the chat shows of its history when older messages have come to it. */
export function withHistory(chat: ChatRecord, messages: readonly MessageRecord[]): ChatRecord {
  const newest = messages.at(-1)
  const foreign = messages.filter(countsAsUnread)
  const isNewest = newest !== undefined && newest.seq > (chat.last?.seq ?? 0)
  return {
    ...chat,
    unread: chat.unread + foreign.filter(({ seq }) => seq > chat.readSeq).length,
    peerSeq: Math.max(chat.peerSeq, foreign.at(-1)?.seq ?? 0),
    last: isNewest ? previewOf(newest) : chat.last,
  }
}
