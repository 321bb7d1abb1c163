import { type AccountId, type DeviceId, LIMITS, ProtocolError } from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import { IdentityMismatch, refreshContact, refreshContacts } from '../identity/directory.ts'
import { hasLeft } from '../identity/earlier-devices.ts'
import { ALL_FRESH, assertLeaf, type Fresh, IdentityNeeded, memberOf } from '../identity/leaf-check.ts'
import type { AnswerOf } from '../wire/api-client.ts'

/** A device that is to come in, by a key package that was verified. */
export type Joiner = {
  readonly accountId: AccountId
  readonly deviceId: DeviceId
  readonly keyPackage: Uint8Array
}

type ClaimedPackages = AnswerOf<'claimKeyPackages'>['packages']

/** The packages must be of listed devices of this account. Of one that has left its list there is nothing to take. */
function verified(
  { contacts, crypto, clock, self }: AccountContext,
  accountId: AccountId,
  packages: ClaimedPackages,
  fresh: Fresh,
): Joiner[] {
  const nowMs = clock.now()
  const others = packages.filter(({ deviceId }) => deviceId !== self.deviceId)
  return others.flatMap(({ deviceId, keyPackage }) => {
    const info = crypto.validateKeyPackage(keyPackage, nowMs)
    const member = memberOf(info)
    if (member.accountId !== accountId || member.deviceId !== deviceId) {
      throw new IdentityMismatch(accountId, 'a key package of somebody else')
    }
    if (hasLeft(contacts, info)) return []
    assertLeaf({ self, contacts, nowMs, fresh }, info)
    return [{ accountId, deviceId, keyPackage }]
  })
}

/** Devices come and go while packages are on their way: the list that is known may be older than they are. */
async function verifiedByNow(
  context: AccountContext,
  accountId: AccountId,
  packages: ClaimedPackages,
): Promise<Joiner[]> {
  try {
    return verified(context, accountId, packages, new Set())
  } catch (error) {
    if (!(error instanceof IdentityNeeded)) throw error
    await refreshContact(context, accountId)
    return verified(context, accountId, packages, ALL_FRESH)
  }
}

/** One package of each device of an account that has one; its identity is known. */
export async function claimOf(context: AccountContext, accountId: AccountId): Promise<Joiner[]> {
  const { packages } = await context.calls.call('claimKeyPackages', { accountId })
  return verifiedByNow(context, accountId, packages)
}

/** Our own other devices. Who has no package left comes in by itself, so nothing waits for it. */
export async function claimOwn(context: AccountContext): Promise<Joiner[]> {
  const { self, diagnostics } = context
  const { list } = await refreshContact(context, self.accountId)
  if (list.entries.length < 2) return []
  try {
    return await claimOf(context, self.accountId)
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    diagnostics.note('OWN_DEVICES_NOT_ADDED', error.code)
    return []
  }
}

/** Those whose identity is what it was; one that is not keeps none of the others out. */
async function refreshTrusted(
  context: AccountContext,
  accountIds: readonly AccountId[],
): Promise<readonly AccountId[]> {
  let trusted = accountIds
  for (;;) {
    try {
      await refreshContacts(context, trusted)
      return trusted
    } catch (error) {
      if (!(error instanceof IdentityMismatch)) throw error
      const others = trusted.filter(accountId => accountId !== error.accountId)
      if (others.length === 0 || others.length === trusted.length) throw error
      context.diagnostics.note('NOT_ADDED', error.cause)
      trusted = others
    }
  }
}

/** Of several accounts at once. Who is gone, has no package left or is not trusted is not in the answer. */
export async function claimOfMany(
  context: AccountContext,
  accountIds: readonly AccountId[],
): Promise<ReadonlyMap<AccountId, readonly Joiner[]>> {
  const joiners = new Map<AccountId, readonly Joiner[]>()
  for (let at = 0; at < accountIds.length; at += LIMITS.accountsPerRequest) {
    const batch = accountIds.slice(at, at + LIMITS.accountsPerRequest)
    const trusted = await refreshTrusted(context, batch)
    const { accounts } = await context.calls.call('claimManyKeyPackages', { accountIds: [...trusted] })
    for (const { accountId, packages } of accounts) {
      // Asked for nobody else, and believed of nobody else.
      if (!trusted.includes(accountId) || context.contacts.isGone(accountId)) continue
      const found = await verifiedByNow(context, accountId, packages)
      if (found.length > 0) joiners.set(accountId, found)
    }
  }
  return joiners
}
