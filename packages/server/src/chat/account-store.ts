import { type AccountId, ProtocolError } from '@entangle/protocol'
import { sql, type Transaction } from 'kysely'
import type { ChatDatabase, ChatSchema } from '../database/chat-schema.ts'
import { idBytes } from '../database/packed-arrays.ts'

export type AccountStore = {
  readonly archive_bytes: number
  readonly state_entries: number
  readonly state_revision: number
}

/** Inserting also waits for a rival that is just inserting; an update alone would not see its row. */
async function takeLock(work: Transaction<ChatSchema>, accountId: AccountId): Promise<AccountStore> {
  const { rows } = await sql<AccountStore>`
    INSERT INTO account_store AS s (account_id) VALUES (${idBytes(accountId)})
    ON CONFLICT (account_id) DO UPDATE SET archive_bytes = s.archive_bytes
    RETURNING archive_bytes, state_entries, state_revision`.execute(work)
  const [store] = rows
  if (store === undefined) throw new ProtocolError('SERVER_ERROR')
  return store
}

/** The account's counters, locked until the commit. Throws AUTH_TOKEN_INVALID for an account that was deleted. */
export async function lockAccountStore(
  work: Transaction<ChatSchema>,
  accountId: AccountId,
): Promise<AccountStore> {
  const store = await takeLock(work, accountId)
  const gone = await work
    .selectFrom('gone_account')
    .select('account_id')
    .where('account_id', '=', idBytes(accountId))
    .executeTakeFirst()
  if (gone !== undefined) throw new ProtocolError('AUTH_TOKEN_INVALID')
  return store
}

/**
 * Everything an account kept here. Nothing may come after it that belongs before: an account that is deleted is marked
 * as gone first, the devices of one that is reset are revoked.
 */
export async function eraseAccountStore(work: Transaction<ChatSchema>, accountId: AccountId): Promise<void> {
  await takeLock(work, accountId)
  const account_id = idBytes(accountId)
  await work.deleteFrom('archive_record').where('account_id', '=', account_id).execute()
  await work.deleteFrom('account_state').where('account_id', '=', account_id).execute()
  await work.deleteFrom('device_letter').where('account_id', '=', account_id).execute()
  await work.deleteFrom('account_store').where('account_id', '=', account_id).execute()
}

export async function readStateRevision(database: ChatDatabase, accountId: AccountId): Promise<number> {
  const row = await database
    .selectFrom('account_store')
    .select('state_revision')
    .where('account_id', '=', idBytes(accountId))
    .executeTakeFirst()
  return row?.state_revision ?? 0
}
