import type { AccountId, DeviceId, InviteId } from '../ids.ts'
import { LIMITS } from '../limits.ts'
import type { GroupData, ManagedGroup } from './group-data.ts'

/** The same rules at the server and in every client: a commit that breaks them is refused by both. */

export type Role = 'owner' | 'admin' | 'member'

const RANK: Readonly<Record<Role, number>> = { owner: 2, admin: 1, member: 0 }

type Accounts = Pick<ReadonlySet<AccountId>, 'has'>

/**
 * The role of a member. Where no owner is left the admins stand in, and where they are gone too, everybody: no
 * group is ever without somebody who can manage it.
 */
export function roleOf(data: ManagedGroup, members: Accounts, account: AccountId): Role {
  if (!members.has(account)) return 'member'
  const isLeft = (holders: ReadonlySet<AccountId>) => [...holders].some(holder => members.has(holder))
  if (isLeft(data.owners)) {
    if (data.owners.has(account)) return 'owner'
    return data.admins.has(account) ? 'admin' : 'member'
  }
  if (isLeft(data.admins)) return data.admins.has(account) ? 'owner' : 'member'
  return 'owner'
}

/** Owners may put out anybody, admins members only. */
export const mayRemove = (remover: Role, target: Role): boolean =>
  remover === 'owner' || RANK[remover] > RANK[target]

export const isManager = (role: Role): boolean => RANK[role] >= RANK.admin

type Member = { readonly accountId: AccountId; readonly deviceId: DeviceId }

/** What a commit does, and what was so before it. */
export type CommitFacts = {
  readonly before: GroupData
  /** Undefined where the commit leaves it alone. */
  readonly after: GroupData | undefined
  /** Accounts with a leaf before and after. */
  readonly membersBefore: ReadonlySet<AccountId>
  readonly membersAfter: ReadonlySet<AccountId>
  readonly committer: Member
  readonly external: boolean
  /** Invites whose secret entered the key schedule. */
  readonly usedInvites: readonly InviteId[]
  /** Without the committer of an external commit. */
  readonly added: readonly Member[]
  readonly removed: readonly Member[]
  /** Accounts that have said that they leave and still have a leaf before the commit. */
  readonly leaving: ReadonlySet<AccountId>
  /** Whether the device is in its account's list today. */
  readonly isListed: (member: Member) => boolean
}

export type CommitBreach =
  | 'KIND_CHANGED'
  | 'NOT_INVITED'
  | 'BRINGS_OTHERS'
  | 'ROLE_REQUIRED'
  | 'LEAVER_KEPT'
  | 'GROUP_FULL'

function breachFromOutside(facts: CommitFacts): CommitBreach | undefined {
  const { before, after, committer, usedInvites, added, removed, membersBefore, membersAfter, leaving } =
    facts
  if (after !== undefined || added.length > 0) return 'BRINGS_OTHERS'
  if (removed.some(({ deviceId }) => deviceId !== committer.deviceId)) return 'BRINGS_OTHERS'
  if (membersBefore.has(committer.accountId)) {
    const isAtHome = !leaving.has(committer.accountId) && usedInvites.length === 0
    return isAtHome ? undefined : 'NOT_INVITED'
  }
  // Nobody is left who knows who leaves: no commit could take them out any more.
  if ([...membersBefore].every(account => leaving.has(account))) return 'NOT_INVITED'
  const [invite, ...others] = usedInvites
  const isInvited =
    before.kind === 'group' && invite !== undefined && others.length === 0 && before.invites.has(invite)
  if (!isInvited) return 'NOT_INVITED'
  return membersAfter.size > LIMITS.groupMembers ? 'GROUP_FULL' : undefined
}

const isSame = <T>(one: ReadonlySet<T>, other: ReadonlySet<T>): boolean =>
  one.size === other.size && [...one].every(item => other.has(item))

/** Roles end with the last leaf of their account; nothing else changes unless an owner wants it. */
function mayChangeData(facts: CommitFacts, before: ManagedGroup, role: Role): boolean {
  const { after = before, membersAfter } = facts
  if (after.kind !== 'group') return false
  const present = (holders: ReadonlySet<AccountId>) =>
    new Set([...holders].filter(holder => membersAfter.has(holder)))
  const isPruned = isSame(present(after.owners), after.owners) && isSame(present(after.admins), after.admins)
  if (!isPruned) return false
  if (!isManager(role) && !isSame(before.invites, after.invites)) return false
  const keepsRoles =
    isSame(present(before.owners), after.owners) && isSame(present(before.admins), after.admins)
  if (keepsRoles) return true
  return role === 'owner' && after.owners.size > 0
}

function mayTakeOut(facts: CommitFacts, before: ManagedGroup, role: Role, target: Member): boolean {
  const { committer, leaving, membersBefore, isListed } = facts
  if (target.accountId === committer.accountId || leaving.has(target.accountId)) return true
  return mayRemove(role, roleOf(before, membersBefore, target.accountId)) || !isListed(target)
}

function breachOfMember(facts: CommitFacts, before: ManagedGroup): CommitBreach | undefined {
  const { added, committer, leaving, membersBefore, membersAfter, removed, usedInvites } = facts
  if (usedInvites.length > 0) return 'NOT_INVITED'
  if ([...leaving].some(account => membersAfter.has(account))) return 'LEAVER_KEPT'
  const role = roleOf(before, membersBefore, committer.accountId)
  const bringsOthers = added.some(({ accountId }) => accountId !== committer.accountId)
  if (bringsOthers && !isManager(role)) return 'ROLE_REQUIRED'
  if (membersAfter.size > LIMITS.groupMembers) return 'GROUP_FULL'
  if (!removed.every(target => mayTakeOut(facts, before, role, target))) return 'ROLE_REQUIRED'
  return mayChangeData(facts, before, role) ? undefined : 'ROLE_REQUIRED'
}

/** Whether a commit keeps the rules of a group; that of a conversation of two may change its devices only. */
export function findCommitBreach(facts: CommitFacts): CommitBreach | undefined {
  const { before, after, external } = facts
  if (after !== undefined && after.kind !== before.kind) return 'KIND_CHANGED'
  if (external) return breachFromOutside(facts)
  if (before.kind === 'group') return breachOfMember(facts, before)
  const { added, removed, committer, membersBefore, isListed } = facts
  if (after !== undefined || facts.usedInvites.length > 0) return 'KIND_CHANGED'
  if (added.some(({ accountId }) => !membersBefore.has(accountId))) return 'BRINGS_OTHERS'
  const mayGo = removed.every(target => target.accountId === committer.accountId || !isListed(target))
  return mayGo ? undefined : 'ROLE_REQUIRED'
}

/** What the roles have to become when accounts lose their last leaf. */
export const prunedData = (data: ManagedGroup, membersAfter: Accounts): ManagedGroup => ({
  ...data,
  owners: new Set([...data.owners].filter(account => membersAfter.has(account))),
  admins: new Set([...data.admins].filter(account => membersAfter.has(account))),
})
