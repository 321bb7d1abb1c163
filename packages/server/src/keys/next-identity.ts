import { type AccountId, type DeviceId, LIMITS, ProtocolError, type PublicIdentity } from '@entangle/protocol'
import type { Transaction } from 'kysely'
import { idBytes, idText } from '../database/packed-arrays.ts'
import type { UsersSchema } from '../database/users-schema.ts'
import { type Revocation, readIdentity, storeIdentity } from './identity-store.ts'
import type { CheckedIdentity, KeyMaterial } from './key-material.ts'

/** How the next identity differs from the stored one: in devices that are active, and in its key. */
export type ListChange = {
  readonly active: readonly DeviceId[]
  readonly added: readonly DeviceId[]
  readonly removed: readonly DeviceId[]
  readonly hasNewKey: boolean
}

type Step = {
  readonly material: KeyMaterial
  readonly accountId: AccountId
  readonly identity: PublicIdentity
  readonly checked: CheckedIdentity
  /** What this operation may change. Throws. */
  readonly assertAllowed: (change: ListChange) => void
}

const same = (left: Uint8Array, right: Uint8Array): boolean => Buffer.from(left).equals(Buffer.from(right))

/**
 * From one version of the device list to the next. The account's row is the lock: of two that step at once
 * the second finds its list stale. Answers `repeated` where this very list is the stored one, because the
 * answer to a first try was lost. Throws AUTH_LOGIN_EXPIRED where the account has gone meanwhile,
 * KEYS_IDENTITY_INVALID, KEYS_LIST_STALE.
 */
export async function advanceIdentity(
  work: Transaction<UsersSchema>,
  { material, accountId, identity, checked, assertAllowed }: Step,
): Promise<Revocation | 'repeated'> {
  const account = await work
    .selectFrom('account')
    .select(['handle', 'deleted_at'])
    .where('id', '=', idBytes(accountId))
    .forUpdate()
    .executeTakeFirst()
  const stored = await readIdentity(work, accountId)
  if (account === undefined || account.deleted_at !== null || stored === undefined) {
    throw new ProtocolError('AUTH_LOGIN_EXPIRED')
  }
  if (checked.accountId !== accountId || checked.handle !== account.handle) {
    throw new ProtocolError('KEYS_IDENTITY_INVALID')
  }
  const present = stored.identity
  if (same(present.deviceList, identity.deviceList)) return 'repeated'
  const before = material.readList(present.deviceList)
  const follows =
    checked.version === stored.version + 1 &&
    checked.previousHash !== null &&
    same(checked.previousHash, before.hash)
  if (!follows) throw new ProtocolError('KEYS_LIST_STALE')
  const hasNewKey = !same(present.accountKey, identity.accountKey)
  assertSuccessions(present, identity, hasNewKey ? checked.succession : undefined)
  const change = await findChange(work, accountId, before.deviceIds, checked)
  assertAllowed({ ...change, hasNewKey })
  return storeIdentity(work, identity, checked)
}

/** They stay as they are, or one more names the new key; `succession`: what it says, undefined where the key stays. */
function assertSuccessions(
  present: PublicIdentity,
  next: PublicIdentity,
  succession: CheckedIdentity['succession'] | undefined,
): void {
  const [before, after] = [present.successions ?? [], next.successions ?? []]
  const added = succession === undefined ? [] : after.slice(-1)
  const expected = [...before, ...added].slice(-LIMITS.successions)
  const isSame =
    after.length === expected.length && after.every((bytes, index) => same(bytes, expected[index] ?? NONE))
  const follows =
    succession === undefined ||
    (succession !== null &&
      same(succession.oldKey, present.accountKey) &&
      (before.length > 0 || succession.number === 1))
  if (!isSame || !follows) throw new ProtocolError('KEYS_IDENTITY_INVALID')
}
const NONE = new Uint8Array()

async function findChange(
  work: Transaction<UsersSchema>,
  accountId: AccountId,
  listedBefore: readonly DeviceId[],
  checked: CheckedIdentity,
): Promise<Omit<ListChange, 'hasNewKey'>> {
  const rows = await work
    .selectFrom('device')
    .select(['id', 'revoked_at'])
    .where('account_id', '=', idBytes(accountId))
    .execute()
  const known = new Set(rows.map(row => idText<DeviceId>(row.id)))
  const active = rows.filter(row => row.revoked_at === null).map(row => idText<DeviceId>(row.id))
  const named = new Set(checked.devices.map(device => device.deviceId))
  // A device that signed itself out may still stand in the list: keeping it there does not bring it back.
  const added = [...named].filter(deviceId => !listedBefore.includes(deviceId))
  // Once out of the list, it does not come back under its id.
  if (added.some(deviceId => known.has(deviceId))) throw new ProtocolError('KEYS_IDENTITY_INVALID')
  return { active, added, removed: active.filter(deviceId => !named.has(deviceId)) }
}
