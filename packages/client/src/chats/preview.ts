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
