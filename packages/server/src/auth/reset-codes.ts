import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { type AccountId, ProtocolError } from '@entangle/protocol'
import type { Transaction } from 'kysely'
import { idBytes } from '../database/packed-arrays.ts'
import type { UsersDatabase, UsersSchema } from '../database/users-schema.ts'
import { findAccountSummary } from './account-summaries.ts'

const CODE_BYTES = 16
export const RESET_CODE_LIFETIME_MS = 24 * 3600 * 1000

/** However it was written down: groups, spaces and capitals do not count. The code has 128 bits, so one hash will do. */
const hashOf = (code: string): Buffer =>
  createHash('sha256')
    .update(code.toLowerCase().replaceAll(/[^0-9a-f]/g, ''))
    .digest()

/** A new code for an account, in the place of any earlier one. Throws ACCOUNT_NOT_FOUND. */
export async function createResetCode(
  database: UsersDatabase,
  handle: string,
  nowMs: number,
): Promise<string> {
  const { accountId } = await findAccountSummary(database, handle)
  const groups = randomBytes(CODE_BYTES).toString('hex').match(/.{4}/g) ?? []
  const code = groups.join('-')
  const content = { hash: hashOf(code), expires_at: new Date(nowMs + RESET_CODE_LIFETIME_MS), used_at: null }
  await database
    .insertInto('reset_code')
    .values({ account_id: idBytes(accountId), ...content })
    .onConflict(conflict => conflict.column('account_id').doUpdateSet(content))
    .execute()
  return code
}

/** Compares a code with the one that is good for the account now. The row stays locked until the commit. */
export async function assertResetCode(
  work: Transaction<UsersSchema>,
  accountId: AccountId,
  code: string,
  nowMs: number,
): Promise<void> {
  const row = await work
    .selectFrom('reset_code')
    .selectAll()
    .where('account_id', '=', idBytes(accountId))
    .forUpdate()
    .executeTakeFirst()
  const isGood =
    row !== undefined &&
    row.used_at === null &&
    row.expires_at.getTime() > nowMs &&
    timingSafeEqual(row.hash, hashOf(code))
  if (!isGood) throw new ProtocolError('AUTH_RESET_WRONG')
}
