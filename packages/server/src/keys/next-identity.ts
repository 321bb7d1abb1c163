import { type AccountId, type DeviceId, ProtocolError, type PublicIdentity } from '@entangle/protocol'
import type { Transaction } from 'kysely'
import { idBytes, idText } from '../database/packed-arrays.ts'
import type { UsersSchema } from '../database/users-schema.ts'
import { type Revocation, storeIdentity } from './identity-store.ts'
import type { CheckedIdentity, KeyMaterial } from './key-material.ts'

/** How the next list differs from the stored one, in devices that are active. */
export type ListChange = {
  readonly active: readonly DeviceId[]
  readonly added: readonly DeviceId[]
  readonly removed: readonly DeviceId[]
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
  const stored = await work
    .selectFrom('identity')
    .select(['account_key', 'version', 'device_list'])
    .where('account_id', '=', idBytes(accountId))
    .executeTakeFirst()
  if (account === undefined || account.deleted_at !== null || stored === undefined) {
    throw new ProtocolError('AUTH_LOGIN_EXPIRED')
  }
  if (
    checked.accountId !== accountId ||
    checked.handle !== account.handle ||
    !same(stored.account_key, identity.accountKey)
  ) {
    throw new ProtocolError('KEYS_IDENTITY_INVALID')
  }
  if (same(stored.device_list, identity.deviceList)) return 'repeated'
  const before = material.readList(stored.device_list)
  const follows =
    checked.version === stored.version + 1 &&
    checked.previousHash !== null &&
    same(checked.previousHash, before.hash)
  if (!follows) throw new ProtocolError('KEYS_LIST_STALE')
  assertAllowed(await findChange(work, accountId, before.deviceIds, checked))
  return storeIdentity(work, identity, checked)
}

async function findChange(
  work: Transaction<UsersSchema>,
  accountId: AccountId,
  listedBefore: readonly DeviceId[],
  checked: CheckedIdentity,
): Promise<ListChange> {
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
