import type { AccountId } from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import type { ChatSummary, DirectSummary, GroupSummary } from '../api/engine-api.ts'
import { roleIn } from '../groups/group-record.ts'
import { isUnvouched } from '../groups/vouching.ts'
import { isText } from '../outbox/outbox-entry.ts'
import { reachOf } from '../receipts/reach.ts'
import { deliveryOf, outboxDelivery } from '../timeline/rows.ts'
import type { ChatRecord, DirectChat, GroupChat } from './chat-record.ts'
import { nameIn } from './names.ts'

/** What the list needs beside the chats themselves. */
export type SummaryRoom = {
  readonly context: AccountContext
  readonly typing: (chat: ChatRecord) => readonly AccountId[]
}

function lastOf(chat: ChatRecord, { context }: SummaryRoom): ChatSummary['last'] {
  const { outbox, people, self } = context
  const waiting = outbox.list(chat.id).findLast(isText)
  if (waiting !== undefined) {
    const acceptance = outbox.acceptance(waiting.messageId)
    return {
      text: waiting.content.text,
      notice: null,
      own: true,
      sender: null,
      time: acceptance?.time ?? waiting.createdAt,
      delivery: outboxDelivery(waiting, acceptance !== undefined),
    }
  }
  if (chat.last === null) return null
  const { text, notice, own, from, time, seq } = chat.last
  const sender = own || from === null ? null : nameIn(chat, from, people)
  const delivery = own && notice === null ? deliveryOf(seq, reachOf(chat, self.accountId)) : null
  return { text, notice, own, sender, time, delivery }
}

function baseOf(chat: ChatRecord, room: SummaryRoom) {
  const last = lastOf(chat, room)
  return {
    id: chat.id,
    standing: chat.blocked ? 'blocked' : chat.standing,
    unread: chat.blocked ? 0 : chat.unread,
    last,
    activity: last?.time ?? chat.createdAt,
    draft: chat.draft,
    typing: room.typing(chat).map(accountId => nameIn(chat, accountId, room.context.people)),
    warning: chat.warning,
    doubt: chat.doubt ?? null,
  } as const
}

const directSummary = (chat: DirectChat, room: SummaryRoom): DirectSummary => ({
  ...baseOf(chat, room),
  kind: 'direct',
  peer: {
    ...nameIn(chat, chat.peer.accountId, room.context.people),
    gone: chat.peer.gone,
    blocked: chat.blocked,
  },
})

function groupPhase({ conversation, group }: GroupChat): GroupSummary['group']['phase'] {
  if (group.end !== null) return group.end
  switch (conversation.phase) {
    case 'none':
    case 'founding':
      return 'creating'
    case 'awaited':
      return group.members.length === 0 ? 'joining' : 'repairing'
    case 'ended':
      return 'removed'
    case 'active':
      if (group.wanted.length > 0) return 'creating'
      return group.unchecked.length === 0 && !isUnvouched(group) ? 'active' : 'checking'
  }
}

function groupSummary(chat: GroupChat, room: SummaryRoom): GroupSummary {
  const { group, suspect } = chat
  const { people } = room.context
  const { name, topic, picture } = group.state
  return {
    ...baseOf(chat, room),
    kind: 'group',
    group: {
      name,
      topic,
      picture,
      memberCount: group.members.length,
      role: roleIn(group, room.context.self.accountId),
      phase: groupPhase(chat),
      revision: group.revision,
    },
    addedBy: group.addedBy === null ? null : people.describe(group.addedBy),
    suspect: suspect === null ? null : people.describe(suspect),
  }
}

/** A chat of a stranger without a message, or a request that was refused, is nothing to show. */
const isVisible = (chat: ChatRecord): boolean =>
  !chat.hidden && (chat.kind === 'group' || chat.standing !== 'request' || chat.last !== null || chat.blocked)

/** The chat list, newest first. */
export function summarise(room: SummaryRoom): ChatSummary[] {
  return [...room.context.chats.all()]
    .filter(isVisible)
    .map(chat => (chat.kind === 'direct' ? directSummary(chat, room) : groupSummary(chat, room)))
    .sort((one, other) => other.activity - one.activity)
}
