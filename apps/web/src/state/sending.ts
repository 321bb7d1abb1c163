import type { ChatId, TimelineRow, TimelineWindow } from '@entangle/client'
import type { AccountId, MessageId } from '@entangle/protocol'

/** What was sent from this page and is not stored yet, by chat, in order. */
export type Sending = Readonly<Record<ChatId, readonly TimelineRow[]>>

/** A message as it shows from the key press on. Without a state: it has one once it is stored. */
export const sendingRow = (
  message: { readonly messageId: MessageId; readonly text: string; readonly time: number },
  self: AccountId,
): TimelineRow => ({
  messageId: message.messageId,
  seq: null,
  sender: self,
  own: true,
  time: message.time,
  content: { kind: 'text', text: message.text },
  delivery: null,
  failure: null,
})

export function withSending(window: TimelineWindow, sending: readonly TimelineRow[]): TimelineWindow {
  if (sending.length === 0 || window.hasNewer) return window
  const present = new Set(window.rows.map(row => row.messageId))
  const missing = sending.filter(row => !present.has(row.messageId))
  return missing.length === 0 ? window : { ...window, rows: [...window.rows, ...missing] }
}
