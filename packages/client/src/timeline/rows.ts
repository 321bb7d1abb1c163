import type { AccountId } from '@entangle/protocol'
import type { DeliveryState, TimelineContent, TimelineRow } from '../api/engine-api.ts'
import type { Marks } from '../chats/chat-record.ts'
import type { OutboxEntry, TextEntry } from '../outbox/outbox-entry.ts'
import type { MessageContent, MessageRecord } from './message-record.ts'
import type { PendingState } from './patience.ts'

/** How far an own message has come, by how far the others have. */
export const deliveryOf = (seq: number, reach: Marks): DeliveryState => {
  if (seq <= reach.read) return 'read'
  return seq <= reach.delivered ? 'delivered' : 'sent'
}

function contentOf(content: MessageContent, pending: PendingState): TimelineContent {
  switch (content.kind) {
    case 'text':
    case 'notice':
      return content
    case 'unsupported':
      return { kind: 'unsupported' }
    case 'pending':
      return { kind: 'pending', state: pending }
  }
}

/** `reach`: how far the others have come; `pending`: how it stands with a message that does not open. */
export const messageRow = (message: MessageRecord, reach: Marks, pending: PendingState): TimelineRow => ({
  messageId: message.id,
  seq: message.seq,
  sender: message.from,
  own: message.own,
  time: message.time,
  content: contentOf(message.content, pending),
  delivery: message.own && message.content.kind !== 'notice' ? deliveryOf(message.seq, reach) : null,
  failure: null,
})

export function outboxDelivery(entry: OutboxEntry, isAccepted: boolean): DeliveryState {
  if (isAccepted) return 'sent'
  return entry.state.kind === 'failed' ? 'failed' : 'queued'
}

export function outboxRow(
  entry: TextEntry,
  self: AccountId,
  acceptance: { readonly time: number } | undefined,
): TimelineRow {
  const { state } = entry
  return {
    messageId: entry.messageId,
    seq: null,
    sender: self,
    own: true,
    time: acceptance?.time ?? entry.createdAt,
    content: entry.content,
    delivery: outboxDelivery(entry, acceptance !== undefined),
    failure:
      state.kind === 'failed' && acceptance === undefined
        ? { code: state.code, message: state.message, canRetry: state.canRetry }
        : null,
  }
}
