import { type AccountId, type GroupState, idToBytes, isManager } from '@entangle/protocol'
import { between } from '../account/timing.ts'
import { type Draft, keepOnce, type Place, type Room } from '../conversations/draft.ts'
import type { Happening } from '../conversations/epochs.ts'
import { marksAfter } from '../receipts/reach.ts'
import { type GroupRecord, type Leaver, managedOf, roleIn, rolesOf } from './group-record.ts'
import { tellerOf } from './link-telling.ts'
import { accountsIn, leaversOf, managedIn } from './membership.ts'
import { type GroupView, noticeOfCommit } from './notices.ts'
import { closeInvites, type HeldState, stateDifference } from './state.ts'

const pick = <T>(record: Readonly<Record<AccountId, T>>, keys: ReadonlySet<AccountId>) =>
  Object.fromEntries(
    Object.entries(record).filter(([accountId]) => keys.has(accountId as AccountId)),
  ) as Readonly<Record<AccountId, T>>

const MOST_DEPARTED = 64

/** The record as the tree and the group context of the present epoch have it. */
export function alignedGroup(group: GroupRecord, { members, data }: GroupView): GroupRecord {
  const isIn = (accountId: AccountId) => members.has(accountId)
  const gone = group.members.filter(accountId => !isIn(accountId))
  return {
    ...group,
    data: rolesOf(data),
    spentInvites: (group.spentInvites ?? []).filter(inviteId => data.invites.has(inviteId)),
    members: [...members],
    departed: [...new Set([...(group.departed ?? []), ...gone])].slice(-MOST_DEPARTED),
    // No commit of a later epoch can refer to a proposal of an earlier one.
    leaving: group.leaving
      .filter(({ accountId }) => isIn(accountId))
      .map(leaver => ({ ...leaver, proposal: null })),
    saidToLeave: (group.saidToLeave ?? []).filter(isIn),
    unchecked: group.unchecked.filter(isIn),
    wanted: group.wanted.filter(accountId => !isIn(accountId)),
    marks: pick(group.marks, members),
  }
}

/** Who was told less than is known by now, because the state changed while they were on their way in. */
function isOutdated(told: GroupState | undefined, present: HeldState): boolean {
  return told !== undefined && stateDifference(told, present).length > 0
}

/**
 * Who has taken somebody in tells them what their snapshot lacks, but may be gone by then. It can only lack what was
 * changed in the epoch in which it was made; one other account tells that as well.
 */
function tellsNewcomers(group: GroupRecord, { members }: GroupView, self: AccountId): boolean {
  const newcomer = group.members.find(accountId => !members.has(accountId))
  return newcomer !== undefined && tellerOf(group, newcomer) === self
}

/** A new epoch of a group: members, roles, links and leavers follow the tree, and the timeline tells of it. */
export async function enterGroupEpoch(
  room: Room,
  draft: Draft,
  { place, from, external, members: known }: Happening,
  told: GroupState | undefined,
): Promise<void> {
  const { chat, conversation } = draft
  if (chat.kind !== 'group') return
  const { mls, context } = room
  const data = managedIn(mls, conversation.conversationId)
  if (data === undefined) return
  const members = known ?? accountsIn(mls, conversation.conversationId)
  const before: GroupView = { members: new Set(chat.group.members), data: managedOf(chat.group) }
  const after: GroupView = { members, data }
  const { state, closed } = closeInvites(chat.group.state, before.data, data)
  for (const inviteId of closed) mls.deletePreSharedKey(idToBytes(inviteId))
  const leaving = leaversOf(chat.group)
  const notice = noticeOfCommit(before, after, { external, leaving })
  const isOwn = from === context.self.accountId
  const hasOpened = [...data.invites].some(inviteId => !before.data.invites.has(inviteId))
  draft.chat = {
    ...chat,
    group: {
      ...alignedGroup({ ...chat.group, state }, after),
      marks: marksAfter(chat.group, { members: [...members], seq: place.seq }),
      mayMissLeavers: chat.group.mayMissLeavers && external,
      revision: chat.group.revision + 1,
      staleInvites: chat.group.staleInvites || (isOwn && hasOpened),
    },
  }
  if (isOutdated(told, { state, at: chat.group.stateAt })) draft.toTell = told
  if (told === undefined && !external && tellsNewcomers(draft.chat.group, before, context.self.accountId)) {
    draft.tellSince ??= conversation.transcript?.began
  }
  if (notice !== null) await keepOnce(room, draft, place, from, { kind: 'notice', notice })
}

/** Managers and those who sit first in the tree come first, so that not all commit at once. */
const turnOf = (group: GroupRecord, self: AccountId): number =>
  isManager(roleIn(group, self)) ? 1 : 1 + group.members.indexOf(self) / 32

/** Somebody leaves: their leaves stay in the tree until a member commits that they are out. */
export async function noteLeaver(room: Room, draft: Draft, place: Place, leaver: Leaver): Promise<void> {
  const { chat, conversation } = draft
  if (chat.kind !== 'group' || leaversOf(chat.group).has(leaver.accountId)) return
  const { clock, self, timing } = room.context
  draft.chat = {
    ...chat,
    group: {
      ...chat.group,
      leaving: [...chat.group.leaving, leaver],
      revision: chat.group.revision + 1,
    },
  }
  const dueAt = clock.now() + between(timing.leaverSweep, clock.random()) * turnOf(chat.group, self.accountId)
  const { sweepDueAt } = conversation
  draft.conversation = { ...conversation, sweepDueAt: Math.min(sweepDueAt ?? dueAt, dueAt) }
  await keepOnce(room, draft, place, leaver.accountId, { kind: 'notice', notice: { kind: 'left' } })
}
