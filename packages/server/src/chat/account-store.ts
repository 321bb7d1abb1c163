import { type AccountId, type ErrorCode, ProtocolError } from '@entangle/protocol'
import { sql, type Transaction } from 'kysely'
import type { ChatSchema } from '../database/chat-schema.ts'
import { idBytes } from '../database/packed-arrays.ts'

/** What the functions of the database refuse with, beside their answers. */
const ACCOUNT_GONE = 'EN001'
const STORE_FULL = 'EN002'

/**
 * Runs a write into what an account keeps here. Throws AUTH_TOKEN_INVALID for an account that was deleted, and
 * `whenFull` where there is no room.
 */
export async function writingStore<T>(
  work: () => Promise<T>,
  whenFull: ErrorCode,
  limits: Readonly<Record<string, number>>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === ACCOUNT_GONE) throw new ProtocolError('AUTH_TOKEN_INVALID')
    if (code === STORE_FULL) throw new ProtocolError(whenFull, limits)
    throw error
  }
}

/** The account's counters, locked until the commit. Throws AUTH_TOKEN_INVALID for an account that was deleted. */
export async function lockAccountStore(work: Transaction<ChatSchema>, accountId: AccountId): Promise<void> {
  await writingStore(
    () => sql`SELECT lock_account_store(${idBytes(accountId)})`.execute(work),
    'SERVER_ERROR',
    {},
  )
}

/**
 * Everything an account kept here. Nothing may come after it that belongs before: an account that is deleted is marked
 * as gone first, the devices of one that is reset are revoked.
 */
export async function eraseAccountStore(work: Transaction<ChatSchema>, accountId: AccountId): Promise<void> {
  const account_id = idBytes(accountId)
  // The same lock as lock_account_store takes, which refuses an account that is gone: here it is.
  await sql`
    INSERT INTO account_store AS s (account_id) VALUES (${account_id})
    ON CONFLICT (account_id) DO UPDATE SET archive_bytes = s.archive_bytes`.execute(work)
  await work.deleteFrom('archive_record').where('account_id', '=', account_id).execute()
  await work.deleteFrom('account_state').where('account_id', '=', account_id).execute()
  await work.deleteFrom('device_letter').where('account_id', '=', account_id).execute()
  await work.deleteFrom('account_store').where('account_id', '=', account_id).execute()
}
