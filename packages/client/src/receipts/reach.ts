import { type AccountId, LIMITS } from '@entangle/protocol'
import { type ChatRecord, isOver, type Marks, mayAnswer } from '../chats/chat-record.ts'
import type { GroupRecord } from '../groups/group-record.ts'
import { leaversOf } from '../groups/membership.ts'

const NOWHERE: Marks = { delivered: 0, read: 0 }

export const newerMarks = (one: Marks, other: Marks): Marks => ({
  delivered: Math.max(one.delivered, other.delivered),
  read: Math.max(one.read, other.read),
})

const olderMarks = (one: Marks, other: Marks): Marks => ({
  delivered: Math.min(one.delivered, other.delivered),
  read: Math.min(one.read, other.read),
})

const isSmall = ({ members }: Pick<GroupRecord, 'members'>): boolean =>
  members.length <= LIMITS.receiptMembers

/** How far all the others of a chat have come: what one of them lacks is not delivered. */
export function reachOf(chat: ChatRecord, self: AccountId): Marks {
  if (chat.kind === 'direct') return chat.marks
  const { group } = chat
  if (!isSmall(group)) return NOWHERE
  const leaving = leaversOf(group)
  const others = group.members.filter(accountId => accountId !== self && !leaving.has(accountId))
  const [first = NOWHERE, ...rest] = others.map(accountId => group.marks[accountId] ?? NOWHERE)
  return rest.reduce(olderMarks, first)
}

/** Who comes in has nothing to read of what was before; who is out is not waited for. */
export function marksAfter(
  group: Pick<GroupRecord, 'marks' | 'members'>,
  change: { readonly members: readonly AccountId[]; readonly seq: number },
): GroupRecord['marks'] {
  const present = new Set(group.members)
  const start: Marks = { delivered: change.seq, read: change.seq }
  return Object.fromEntries(
    change.members.flatMap(accountId => {
      const marks = present.has(accountId) ? group.marks[accountId] : start
      return marks === undefined ? [] : [[accountId, marks]]
    }),
  )
}

/** Who knows the keys of the epoch and is not listed any more would open it. */
const hasStrangers = ({ conversation }: ChatRecord): boolean =>
  conversation.phase === 'active' && conversation.strangers.length > 0

/** Whether the others may be told how far this account is, and that it is writing. */
export function mayTell(chat: ChatRecord): boolean {
  if (!mayAnswer(chat) || isOver(chat) || hasStrangers(chat)) return false
  return chat.kind === 'direct' || (isSmall(chat.group) && chat.group.unchecked.length === 0)
}
