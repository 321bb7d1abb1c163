import { type AccountId, type InviteId, LIMITS, type ManagedGroup, type Role } from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import { engineFailure } from '../api/failures.ts'
import type { GroupChat } from '../chats/chat-record.ts'
import { claimOfMany, claimOwn, type Joiner } from '../conversations/claiming.ts'
import { type Intent, NO_INTENT } from '../conversations/commit-plan.ts'

/** What somebody wants of a group; it takes one commit or several. */
export type Wish =
  | { readonly kind: 'add'; readonly accountIds: readonly AccountId[] }
  | { readonly kind: 'remove'; readonly accountId: AccountId }
  | { readonly kind: 'role'; readonly accountId: AccountId; readonly role: Role }
  | { readonly kind: 'open-link'; readonly inviteId: InviteId }
  | { readonly kind: 'close-link'; readonly inviteId: InviteId }
  | { readonly kind: 'leave' }

/** What was found out on the way; it outlives a lost race, so that no key package is claimed twice. */
export type Findings = {
  readonly joiners: Map<AccountId, readonly Joiner[]>
  /** Gone, or without a key package. */
  readonly missing: Set<AccountId>
}

const without = <T>(set: ReadonlySet<T>, item: T): Set<T> => new Set([...set].filter(one => one !== item))

/** Roles as they are with one person's changed; whoever stands in for owners that are gone becomes one. */
export function withRole(
  data: ManagedGroup,
  self: AccountId,
  accountId: AccountId,
  role: Role,
): ManagedGroup {
  const owners = without(data.owners, accountId)
  const admins = without(data.admins, accountId)
  if (role === 'owner') owners.add(accountId)
  if (role === 'admin') admins.add(accountId)
  if (owners.size === 0 && accountId !== self) {
    owners.add(self)
    admins.delete(self)
  }
  if (owners.size === 0) throw engineFailure('ENGINE_GROUP_LAST_OWNER')
  return { ...data, owners, admins }
}

/** Of these as many as one commit takes, in order; those of whom nothing is known yet are asked for. */
async function nextJoiners(
  context: AccountContext,
  accountIds: readonly AccountId[],
  { joiners, missing }: Findings,
): Promise<Joiner[]> {
  const unknown = accountIds.filter(accountId => !joiners.has(accountId)).slice(0, LIMITS.accountsPerRequest)
  if (unknown.length > 0) {
    const found = await claimOfMany(context, unknown)
    for (const accountId of unknown) {
      const packages = found.get(accountId)
      if (packages === undefined) missing.add(accountId)
      else joiners.set(accountId, packages)
    }
  }
  const next: Joiner[] = []
  for (const accountId of accountIds) {
    const packages = joiners.get(accountId) ?? []
    if (next.length + packages.length > LIMITS.addsPerCommit) break
    next.push(...packages)
  }
  return next
}

/** A new group takes the other devices of its founder in with the first others. */
async function ownJoiners(context: AccountContext, { group }: GroupChat, findings: Findings) {
  const { accountId } = context.self
  if (group.wanted.length === 0 || group.members.length > 1) return []
  const known = findings.joiners.get(accountId) ?? (await claimOwn(context))
  findings.joiners.set(accountId, known)
  return known
}

/** Answers with undefined when nothing is left to do. */
export async function intentOf(
  context: AccountContext,
  chat: GroupChat,
  wish: Exclude<Wish, { kind: 'leave' }>,
  findings: Findings,
): Promise<Intent | undefined> {
  switch (wish.kind) {
    case 'add': {
      const isIn = new Set(chat.group.members)
      const own = await ownJoiners(context, chat, findings)
      for (;;) {
        const rest = wish.accountIds.filter(id => !isIn.has(id) && !findings.missing.has(id))
        if (rest.length === 0) return undefined
        const joiners = await nextJoiners(context, rest, findings)
        if (joiners.length > 0)
          return { ...NO_INTENT, joiners: [...own, ...joiners].slice(0, LIMITS.addsPerCommit) }
      }
    }
    case 'remove':
      return { ...NO_INTENT, remove: new Set([wish.accountId]) }
    case 'role':
      return {
        ...NO_INTENT,
        data: data => withRole(data, context.self.accountId, wish.accountId, wish.role),
      }
    case 'open-link':
      return {
        ...NO_INTENT,
        data: data => ({ ...data, invites: new Set([...data.invites, wish.inviteId]) }),
      }
    case 'close-link':
      return { ...NO_INTENT, data: data => ({ ...data, invites: without(data.invites, wish.inviteId) }) }
  }
}
