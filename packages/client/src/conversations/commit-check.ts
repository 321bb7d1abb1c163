import type { StagedCommitMessage } from '@entangle/crypto'
import {
  type AccountId,
  type CommitFacts,
  findCommitBreach,
  idToBytes,
  parseGroupData,
  readId,
} from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import { between } from '../account/timing.ts'
import { groupDataIn, leaversOf } from '../groups/membership.ts'
import { IdentityMismatch, isUnlisted } from '../identity/directory.ts'
import { hasLeft } from '../identity/earlier-devices.ts'
import {
  assertLeaf,
  assertUpdatedLeaf,
  checkAll,
  IdentityNeeded,
  isListed,
  type LeafCheck,
  memberOf,
} from '../identity/leaf-check.ts'
import type { Draft, Room } from './draft.ts'
import { withPutOut } from './former-devices.ts'

/** Accounts with a leaf before and after a commit that is staged. */
export type Membership = {
  readonly before: ReadonlySet<AccountId>
  readonly after: ReadonlySet<AccountId>
}

/** By their leaves: an account stays as long as it has one. */
export function membershipOf(room: Room, draft: Draft, commit: StagedCommitMessage): Membership {
  const isSame = commit.added.length === 0 && commit.removed.length === 0
  if (isSame && draft.chat.kind === 'group') {
    const members = new Set(draft.chat.group.members)
    return { before: members, after: members }
  }
  const leaves = new Map<number, AccountId>()
  for (const leaf of room.mls.groupMembers(idToBytes(draft.conversation.conversationId))) {
    leaves.set(leaf.leafIndex, memberOf(leaf).accountId)
  }
  const before = new Set(leaves.values())
  for (const { leafIndex } of commit.removed) leaves.delete(leafIndex)
  for (const leaf of commit.added) leaves.set(leaf.leafIndex, memberOf(leaf).accountId)
  return { before, after: new Set(leaves.values()) }
}

/** Where they may have been missed: whoever is gone after the first commit of a member. */
function leavingIn({ chat }: Draft, commit: StagedCommitMessage, after: ReadonlySet<AccountId>) {
  if (chat.kind === 'direct') return new Set<AccountId>()
  const leavers = leaversOf(chat.group)
  if (!chat.group.mayMissLeavers || commit.external) return leavers
  const gone = commit.removed.map(leaf => memberOf(leaf).accountId).filter(account => !after.has(account))
  return new Set([...leavers, ...gone])
}

function assertRules(
  room: Room,
  draft: Draft,
  commit: StagedCommitMessage,
  { before, after }: Membership,
  check: LeafCheck,
): void {
  const committer = memberOf(commit.sender)
  const broken = (breach: string) => new IdentityMismatch(committer.accountId, breach)
  const data = groupDataIn(room.mls, draft.conversation.conversationId)
  const next = commit.groupData === null ? undefined : parseGroupData(commit.groupData)
  const isUnknown = commit.groupData !== null && next === undefined
  if (data?.kind !== draft.chat.kind || isUnknown) throw broken('KIND_CHANGED')
  const added = commit.added.filter(leaf => !commit.external || leaf.leafIndex !== commit.sender.leafIndex)
  const facts: CommitFacts = {
    before: data,
    after: next,
    membersBefore: before,
    membersAfter: after,
    committer,
    external: commit.external,
    usedInvites: commit.preSharedKeyIds.map(id => readId(id)),
    added: added.map(memberOf),
    removed: commit.removed.map(memberOf),
    leaving: leavingIn(draft, commit, after),
    isListed: member => isListed(check, member),
  }
  const breach = findCommitBreach(facts)
  if (breach !== undefined) throw broken(breach)
}

/**
 * What is known here of a list may be older than the removal of a device. So who comes in by itself is judged by the
 * list of today; and an account that puts out a device of its own has changed its list before: a list that still names
 * the device would let it come back.
 */
function assertListsOfToday(commit: StagedCommitMessage, check: LeafCheck): void {
  const committer = memberOf(commit.sender)
  if (commit.external && !check.fresh.has(committer.accountId))
    throw new IdentityNeeded([committer.accountId])
  const own = commit.removed
    .map(memberOf)
    .filter(({ accountId, deviceId }) => accountId === committer.accountId && deviceId !== committer.deviceId)
  if (own.some(member => isListed(check, member))) {
    throw new IdentityMismatch(committer.accountId, 'REMOVES_LISTED_DEVICE')
  }
}

/** Somebody who has left the list before coming in has to be put out, by whoever comes first. */
function sweptSoon({ clock, timing }: AccountContext, sweepDueAt: number | null): number {
  const soon = clock.now() + between(timing.leaverSweep, clock.random())
  return Math.min(sweepDueAt ?? soon, soon)
}

/**
 * Every commit keeps the rules of its conversation, and every leaf it adds or changes passes, before it is merged.
 * Who commits from within was checked when it came in. Throws IdentityNeeded, IdentityMismatch.
 */
export function assertCommit(
  room: Room,
  draft: Draft,
  commit: StagedCommitMessage,
  membership: Membership,
): void {
  const { context, trust } = room
  const { self, contacts, clock } = context
  const check: LeafCheck = { self, contacts, nowMs: clock.now(), fresh: trust.fresh }
  assertRules(room, draft, commit, membership, check)
  assertListsOfToday(commit, check)
  checkAll(commit.added, leaf => {
    try {
      assertLeaf(check, leaf)
    } catch (error) {
      const { putOut = [], strangers, sweepDueAt } = draft.conversation
      const isGone = hasLeft(contacts, leaf)
      const hasReturned = putOut.includes(memberOf(leaf).deviceId)
      if (hasReturned || !isUnlisted(error) || !(trust.followsDeparted || isGone)) throw error
      draft.conversation = {
        ...draft.conversation,
        strangers: [...strangers, memberOf(leaf).deviceId],
        sweepDueAt: isGone ? sweptSoon(context, sweepDueAt) : sweepDueAt,
      }
    }
  })
  checkAll(commit.updated, update => assertUpdatedLeaf(check, update))
  const staying = new Set(commit.added.map(leaf => memberOf(leaf).deviceId))
  const putOut = commit.removed.filter(leaf => !staying.has(memberOf(leaf).deviceId))
  const leavers = leavingIn(draft, commit, membership.after)
  draft.conversation = withPutOut(draft.conversation, putOut, { ...check, leavers })
}
