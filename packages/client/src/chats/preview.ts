import type { MessageRecord } from '../timeline/message-record.ts'
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
