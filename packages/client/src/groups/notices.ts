import type { AccountId, ManagedGroup } from '@entangle/protocol'
import type { Notice } from '../api/engine-api.ts'

/** A group before or after a commit. */
export type GroupView = { readonly members: ReadonlySet<AccountId>; readonly data: ManagedGroup }

const without = (one: ReadonlySet<AccountId>, other: ReadonlySet<AccountId>): AccountId[] =>
  [...one].filter(accountId => !other.has(accountId))

function roleNotice(before: GroupView, after: GroupView): Notice | null {
  const holders = [before, after].flatMap(({ data }) => [...data.owners, ...data.admins])
  for (const person of holders) {
    if (!before.members.has(person) || !after.members.has(person)) continue
    const role = nominalRole(after.data, person)
    if (role !== nominalRole(before.data, person)) return { kind: 'role-changed', person, role }
  }
  return null
}

/** As the data says it, not as it is where nobody else is left. */
const nominalRole = (data: ManagedGroup, person: AccountId) => {
  if (data.owners.has(person)) return 'owner'
  return data.admins.has(person) ? 'admin' : 'member'
}

/** What the timeline tells of a commit; null for one that changes keys or devices only. */
export function noticeOfCommit(
  before: GroupView,
  after: GroupView,
  how: { readonly external: boolean; readonly leaving: ReadonlySet<AccountId> },
): Notice | null {
  const added = without(after.members, before.members)
  if (added.length > 0) return how.external ? { kind: 'joined-by-link' } : { kind: 'added', people: added }
  const removed = without(before.members, after.members).filter(accountId => !how.leaving.has(accountId))
  if (removed.length > 0) return { kind: 'removed', people: removed }
  const role = roleNotice(before, after)
  if (role !== null) return role
  const [was, open] = [before.data.invites, after.data.invites]
  const isSame = was.size === open.size && [...was].every(invite => open.has(invite))
  return isSame ? null : { kind: 'links-changed', open: open.size }
}
