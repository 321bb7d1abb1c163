import { randomBytes } from '@entangle/crypto'
import { type MessageId, readId } from '@entangle/protocol'
import type { Draft, Room } from '../conversations/draft.ts'
import { stateDifference } from './state.ts'

/**
 * The state has changed between building and acceptance of a commit that took somebody in: they were told less than
 * is known by now, and hear the rest as events.
 */
export function stageDifference({ context, transaction }: Room, { chat, toTell }: Draft): void {
  if (toTell === undefined || chat.kind !== 'group') return
  const { clock, outbox } = context
  const messages = stateDifference(toTell, chat.group.state).map(content => ({
    messageId: readId<MessageId>(randomBytes(16)),
    content,
  }))
  outbox.stageNew(transaction, chat.id, messages, clock.now())
}
