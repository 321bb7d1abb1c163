import { createHash } from 'node:crypto'
import { type AccountId, decodeCbor, encodeCbor, ProtocolError, type SealedVault } from '@entangle/protocol'
import type { Transaction } from 'kysely'
import { z } from 'zod'
import { idBytes } from '../database/packed-arrays.ts'
import type { UsersDatabase, UsersSchema } from '../database/users-schema.ts'
import type { Granted } from './grants.ts'

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

/** Names a vault, so that a change can say which one it was made from. */
export const tagOf = ({ sealed }: SealedVault): string =>
  createHash('sha256').update(sealed).digest('base64url')

/**
 * Puts a vault in the place of the one that its maker was shown: of two that change it at once the second would
 * throw away a key that the first has put in. Throws AUTH_LOGIN_EXPIRED; the same vault again is no change.
 */
export async function replaceVault(
  work: Transaction<UsersSchema>,
  { accountId, about }: Granted,
  vault: SealedVault,
): Promise<void> {
  const present = await work
    .selectFrom('vault')
    .select('sealed')
    .where('account_id', '=', idBytes(accountId))
    .forUpdate()
    .executeTakeFirst()
  const tag = present && tagOf({ sealed: present.sealed, wraps: [] })
  if (tag !== about && tag !== tagOf(vault)) throw new ProtocolError('AUTH_LOGIN_EXPIRED')
  await work
    .updateTable('vault')
    .set({ sealed: vault.sealed, wraps: encodeCbor(vault.wraps) })
    .where('account_id', '=', idBytes(accountId))
    .execute()
}
