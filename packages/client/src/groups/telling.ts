import { randomBytes } from '@entangle/crypto'
import { type MessageId, readId } from '@entangle/protocol'
import type { GroupChat } from '../chats/chat-record.ts'
import type { Draft, Room } from '../conversations/draft.ts'
import type { OutboxEntry } from '../outbox/outbox-entry.ts'
import { heldBy } from './group-record.ts'
import { openInvites } from './invites.ts'
import {
  changedSince,
  type HeldState,
  presentOf,
  STATE_REQUEST,
  type StateContent,
  stateDifference,
  wholeState,
} from './state.ts'

/** Changes of ours that a commit has overtaken: encrypted before it, they open for nobody who came in by it. */
function unheardOf(settled: readonly OutboxEntry[], epoch: number, present: HeldState): StateContent[] {
  return settled.flatMap(({ content, state }) => {
    const isOvertaken = state.kind === 'sealed' && state.sealed.epoch < epoch
    return content.kind === 'text' || !isOvertaken ? [] : presentOf(present, content)
  })
}

const secretsOf = (chat: GroupChat): StateContent[] =>
  openInvites(chat).map(invite => ({ kind: 'invite', ...invite }))

/**
 * Who came in while the state changed was told less than is known by now, by a snapshot made before it or by events
 * that they cannot open: they hear the rest as events, and who asks hears all. For the others these change nothing.
 */
export function stageDifference(
  { context, transaction }: Room,
  { chat, conversation, settled, toTell, tellSince, isAsked, asks }: Draft,
): void {
  if (chat.kind !== 'group') return
  const { clock, outbox } = context
  const held = heldBy(chat.group)
  const contents = [
    ...(toTell === undefined ? [] : stateDifference(toTell, held)),
    ...(tellSince === undefined ? [] : changedSince(held, tellSince)),
    ...(isAsked ? [...wholeState(held), ...secretsOf(chat)] : []),
    ...unheardOf(settled, conversation.keys[0]?.epoch ?? 0, held),
    ...(asks ? [STATE_REQUEST] : []),
  ]
  const messages = contents.map(content => ({ messageId: readId<MessageId>(randomBytes(16)), content }))
  outbox.stageNew(transaction, chat.id, messages, clock.now())
}
