import { type AccountId, type AccountSummary, ProtocolError } from '@entangle/protocol'
import { idBytes, idText } from '../database/packed-arrays.ts'
import type { UsersDatabase } from '../database/users-schema.ts'

/** Throws ACCOUNT_NOT_FOUND, ACCOUNT_GONE. */
export async function readAccountSummary(
  database: UsersDatabase,
  accountId: AccountId,
): Promise<AccountSummary> {
  const row = await database
    .selectFrom('account')
    .select(['handle', 'display_name', 'deleted_at'])
    .where('id', '=', idBytes(accountId))
    .executeTakeFirst()
  if (row === undefined) throw new ProtocolError('ACCOUNT_NOT_FOUND')
  if (row.deleted_at !== null) throw new ProtocolError('ACCOUNT_GONE')
  return { accountId, handle: row.handle, displayName: row.display_name }
}

/** Those of the given accounts that are there. */
export async function readAccountSummaries(
  database: UsersDatabase,
  accountIds: readonly AccountId[],
): Promise<AccountSummary[]> {
  const rows = await database
    .selectFrom('account')
    .select(['id', 'handle', 'display_name'])
    .where('id', 'in', accountIds.map(idBytes))
    .where('deleted_at', 'is', null)
    .execute()
  return rows.map(row => ({
    accountId: idText<AccountId>(row.id),
    handle: row.handle,
    displayName: row.display_name,
  }))
}

/** By exact handle; a deleted account is not found. */
export async function findAccountSummary(database: UsersDatabase, handle: string): Promise<AccountSummary> {
  const row = await database
    .selectFrom('account')
    .select(['id', 'display_name'])
    .where('handle', '=', handle)
    .where('deleted_at', 'is', null)
    .executeTakeFirst()
  if (row === undefined) throw new ProtocolError('ACCOUNT_NOT_FOUND')
  return { accountId: idText<AccountId>(row.id), handle, displayName: row.display_name }
}
