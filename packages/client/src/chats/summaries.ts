import type { AccountId, AccountSummary } from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import type { ChatSummary, DirectSummary, GroupSummary } from '../api/engine-api.ts'
import { roleIn } from '../groups/group-record.ts'
import { deliveryOf, outboxDelivery } from '../timeline/rows.ts'
import type { ChatRecord, DirectChat, GroupChat } from './chat-record.ts'

/** What the list needs beside the chats themselves. */
export type SummaryRoom = {
  readonly context: AccountContext
  readonly typing: (chat: ChatRecord) => readonly AccountId[]
}

function nameOf(chat: ChatRecord, accountId: AccountId): AccountSummary {
  if (chat.kind === 'direct' && chat.peer.accountId === accountId) return chat.peer
  return { accountId, handle: '', displayName: '' }
}

function lastOf(chat: ChatRecord, { context: { outbox } }: SummaryRoom): ChatSummary['last'] {
  const waiting = outbox.list(chat.id).at(-1)
  if (waiting !== undefined) {
    const acceptance = outbox.acceptance(waiting.messageId)
    return {
      text: waiting.text,
      notice: null,
      own: true,
      sender: null,
      time: acceptance?.time ?? waiting.createdAt,
      delivery: outboxDelivery(waiting, acceptance !== undefined),
    }
  }
  if (chat.last === null) return null
  const { text, notice, own, from, time, seq } = chat.last
  const sender = own || from === null ? null : nameOf(chat, from)
  return { text, notice, own, sender, time, delivery: own ? deliveryOf(seq, chat) : null }
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
    typing: room.typing(chat).map(accountId => nameOf(chat, accountId)),
    warning: chat.warning,
  } as const
}

const directSummary = (chat: DirectChat, room: SummaryRoom): DirectSummary => ({
  ...baseOf(chat, room),
  kind: 'direct',
  peer: { ...chat.peer, blocked: chat.blocked },
})

function groupPhase({ conversation, group }: GroupChat): GroupSummary['group']['phase'] {
  if (group.end !== null) return group.end
  switch (conversation.phase) {
    case 'none':
    case 'founding':
      return 'creating'
    case 'awaited':
      return group.members.length === 0 ? 'joining' : 'repairing'
    case 'active':
      return group.unchecked.length === 0 ? 'active' : 'checking'
  }
}

function groupSummary(chat: GroupChat, room: SummaryRoom): GroupSummary {
  const { group, suspect } = chat
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
    addedBy: group.addedBy === null ? null : nameOf(chat, group.addedBy),
    suspect: suspect === null ? null : nameOf(chat, suspect),
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
