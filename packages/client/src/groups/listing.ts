import { type AccountId, type Role, roleOf } from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import type { GroupMember } from '../api/engine-api.ts'
import type { GroupChat } from '../chats/chat-record.ts'
import { basisOf as trustOf } from '../identity/trust.ts'
import { managedOf } from './group-record.ts'

const RANK: Readonly<Record<Role, number>> = { owner: 0, admin: 1, member: 2 }

const isBefore = (one: GroupMember, other: GroupMember): number =>
  RANK[one.role] - RANK[other.role] ||
  one.account.displayName.localeCompare(other.account.displayName) ||
  one.account.handle.localeCompare(other.account.handle)

/** Owners first, then admins, then by name. Names are asked for where the connection allows. */
export async function listMembers(
  context: Pick<AccountContext, 'contacts' | 'people' | 'self' | 'sender' | 'state'>,
  { group }: GroupChat,
): Promise<readonly GroupMember[]> {
  const { contacts, people, self, sender } = context
  if (sender.isReady()) await people.read(group.members).catch(() => undefined)
  const unchecked = new Set(group.unchecked)
  const basisOf = (accountId: AccountId): GroupMember['basis'] => {
    if (accountId === self.accountId) return 'verified'
    const record = unchecked.has(accountId) ? undefined : contacts.recordOf(accountId)
    return record === undefined ? null : trustOf(context, record)
  }
  const data = managedOf(group)
  const members = new Set(group.members)
  return group.members
    .map(accountId => ({
      account: people.describe(accountId),
      role: roleOf(data, members, accountId),
      self: accountId === self.accountId,
      basis: basisOf(accountId),
    }))
    .sort(isBefore)
}
