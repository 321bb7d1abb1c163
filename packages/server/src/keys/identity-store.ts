import {
  type AccountId,
  type DeviceId,
  decodeCbor,
  encodeCbor,
  LIMITS,
  ProtocolError,
  type PublicIdentity,
} from '@entangle/protocol'
import type { Kysely, Transaction } from 'kysely'
import { z } from 'zod'
import { idBytes, idText } from '../database/packed-arrays.ts'
import type { UsersDatabase, UsersSchema } from '../database/users-schema.ts'
import type { SessionId } from '../ports/session-verifier.ts'
import type { CheckedIdentity } from './key-material.ts'

const listSchema = z.array(z.instanceof(Uint8Array))
const readList = (stored: Uint8Array) => listSchema.parse(decodeCbor(stored))

export type StoredIdentity = {
  readonly accountId: AccountId
  readonly version: number
  readonly identity: PublicIdentity
}

/** Without the field where there is nothing to say, as clients of earlier versions know it. */
export const successionsField = (successions: Uint8Array[]): Pick<PublicIdentity, 'successions'> =>
  successions.length === 0 ? {} : { successions }

/** Those of the given accounts that are there. */
export async function readIdentities(
  database: Kysely<UsersSchema>,
  accountIds: readonly AccountId[],
): Promise<StoredIdentity[]> {
  const rows = await database
    .selectFrom('identity')
    .selectAll()
    .where('account_id', 'in', accountIds.map(idBytes))
    .execute()
  return rows.map(row => ({
    accountId: idText<AccountId>(row.account_id),
    version: row.version,
    identity: {
      accountKey: row.account_key,
      ...successionsField(readList(row.successions)),
      deviceList: row.device_list,
      certificates: readList(row.certificates),
    },
  }))
}

export async function readIdentity(
  database: Kysely<UsersSchema>,
  accountId: AccountId,
): Promise<StoredIdentity | undefined> {
  const [identity] = await readIdentities(database, [accountId])
  return identity
}

/** The lists after a version and before the newest; undefined where they are more than one answer holds. */
export async function readListHistory(
  database: UsersDatabase,
  accountId: AccountId,
  { since, newest }: { readonly since: number; readonly newest: number },
): Promise<Uint8Array[] | undefined> {
  const missed = newest - since - 1
  if (missed > LIMITS.deviceListHistory) return undefined
  if (missed <= 0) return []
  const rows = await database
    .selectFrom('device_list')
    .select('list')
    .where('account_id', '=', idBytes(accountId))
    .where('version', '>', since)
    .where('version', '<', newest)
    .orderBy('version')
    .execute()
  return rows.map(({ list }) => list)
}

export type Revocation = { readonly devices: readonly DeviceId[]; readonly sessions: readonly SessionId[] }

/**
 * Stores a checked list and brings the device table in step with it: devices it names for the first time
 * are added, those it leaves out are revoked. One that was revoked before stays so, named or not.
 */
export async function storeIdentity(
  database: Transaction<UsersSchema>,
  identity: PublicIdentity,
  checked: CheckedIdentity,
): Promise<Revocation> {
  const account_id = idBytes(checked.accountId)
  const content = {
    account_key: identity.accountKey,
    successions: encodeCbor(identity.successions ?? []),
    version: checked.version,
    device_list: identity.deviceList,
    certificates: encodeCbor(identity.certificates),
  }
  await database
    .insertInto('identity')
    .values({ account_id, ...content })
    .onConflict(conflict => conflict.column('account_id').doUpdateSet(content))
    .execute()
  await database
    .insertInto('device_list')
    .values({ account_id, version: checked.version, list: identity.deviceList })
    .execute()
  const present = await database
    .selectFrom('device')
    .select(['id', 'signature_key', 'account_id', 'revoked_at'])
    .where(where =>
      where.or([
        where('account_id', '=', account_id),
        where(
          'id',
          'in',
          checked.devices.map(device => idBytes(device.deviceId)),
        ),
      ]),
    )
    .execute()
  for (const device of checked.devices) {
    const known = present.find(row => idText(row.id) === device.deviceId)
    if (known === undefined) {
      await database
        .insertInto('device')
        .values({ id: idBytes(device.deviceId), account_id, signature_key: device.signatureKey })
        .execute()
    } else if (
      // An id stands for one key for ever.
      !known.account_id.equals(account_id) ||
      !Buffer.from(known.signature_key).equals(Buffer.from(device.signatureKey))
    ) {
      throw new ProtocolError('KEYS_IDENTITY_INVALID')
    }
  }
  const revoked = present.filter(
    row => row.revoked_at === null && !checked.devices.some(device => device.deviceId === idText(row.id)),
  )
  const sessions: SessionId[] = []
  for (const row of revoked) sessions.push(...(await revokeDevice(database, idText(row.id))))
  return { devices: revoked.map(row => idText<DeviceId>(row.id)), sessions }
}

/** The device gives up its place: its sessions end, its key packages go. Answers with the sessions that ended. */
export async function revokeDevice(
  database: Transaction<UsersSchema>,
  deviceId: DeviceId,
): Promise<SessionId[]> {
  const id = idBytes(deviceId)
  await database.updateTable('device').set({ revoked_at: new Date() }).where('id', '=', id).execute()
  await database.deleteFrom('key_package').where('device_id', '=', id).execute()
  await database.deleteFrom('last_resort_package').where('device_id', '=', id).execute()
  const ended = await database
    .updateTable('session')
    .set({ ended_at: new Date(), seen: null })
    .where('device_id', '=', id)
    .where('ended_at', 'is', null)
    .returning('id')
    .execute()
  return ended.map(row => idText<SessionId>(row.id))
}
