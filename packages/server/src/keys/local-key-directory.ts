import type { AccountId, DeviceId } from '@entangle/protocol'
import { idBytes, idText } from '../database/packed-arrays.ts'
import type { UsersDatabase } from '../database/users-schema.ts'
import type { KeyDirectory, ListedDevice } from '../ports/key-directory.ts'

/** The directory asked in the same process. */
export function createLocalKeyDirectory(database: UsersDatabase): KeyDirectory {
  return {
    async findDevices(deviceIds) {
      if (deviceIds.length === 0) return new Map()
      const rows = await database
        .selectFrom('device')
        .select(['id', 'account_id', 'signature_key', 'revoked_at'])
        .where('id', 'in', deviceIds.map(idBytes))
        .execute()
      return new Map(
        rows.map((row): [DeviceId, ListedDevice] => {
          const deviceId = idText<DeviceId>(row.id)
          return [
            deviceId,
            {
              deviceId,
              accountId: idText<AccountId>(row.account_id),
              signatureKey: row.signature_key,
              revoked: row.revoked_at !== null,
            },
          ]
        }),
      )
    },
    async findDeletedAccounts(accountIds) {
      if (accountIds.length === 0) return new Set()
      const rows = await database
        .selectFrom('account')
        .select('id')
        .where('id', 'in', accountIds.map(idBytes))
        .where('deleted_at', 'is not', null)
        .execute()
      return new Set(rows.map(row => idText<AccountId>(row.id)))
    },
  }
}
