import { type AccountId, decodeCbor, encodeCbor, ProtocolError, type SealedVault } from '@entangle/protocol'
import type { Kysely } from 'kysely'
import { z } from 'zod'
import { idBytes } from '../database/packed-arrays.ts'
import type { UsersDatabase, UsersSchema } from '../database/users-schema.ts'

const wrapsSchema = z.array(
  z.object({ kind: z.enum(['password', 'phrase']), wrapped: z.instanceof(Uint8Array) }),
)

/** The bytes the client sealed. Throws AUTH_CREDENTIALS_WRONG where the account has gone meanwhile. */
export async function readVault(database: UsersDatabase, accountId: AccountId): Promise<SealedVault> {
  const row = await database
    .selectFrom('vault')
    .selectAll()
    .where('account_id', '=', idBytes(accountId))
    .executeTakeFirst()
  if (row === undefined) throw new ProtocolError('AUTH_CREDENTIALS_WRONG')
  return { sealed: row.sealed, wraps: wrapsSchema.parse(decodeCbor(row.wraps)) }
}

export async function replaceVault(
  work: Kysely<UsersSchema>,
  accountId: AccountId,
  vault: SealedVault,
): Promise<void> {
  await work
    .updateTable('vault')
    .set({ sealed: vault.sealed, wraps: encodeCbor(vault.wraps) })
    .where('account_id', '=', idBytes(accountId))
    .execute()
}
