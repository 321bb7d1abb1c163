import { type AccountId, ProtocolError } from '@entangle/protocol'
import { idBytes } from '../database/packed-arrays.ts'
import type { UsersDatabase } from '../database/users-schema.ts'

/** Throws ACCOUNT_NOT_FOUND or ACCOUNT_GONE. */
export async function assertAccountLives(database: UsersDatabase, accountId: AccountId): Promise<void> {
  const row = await database
    .selectFrom('account')
    .select('deleted_at')
    .where('id', '=', idBytes(accountId))
    .executeTakeFirst()
  if (row === undefined) throw new ProtocolError('ACCOUNT_NOT_FOUND')
  if (row.deleted_at !== null) throw new ProtocolError('ACCOUNT_GONE')
}
