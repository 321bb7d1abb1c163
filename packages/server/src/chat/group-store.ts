import { type ConversationId, type DeviceId, encodeGroupData, type GroupData } from '@entangle/protocol'
import { type Kysely, sql } from 'kysely'
import type { ChatSchema } from '../database/chat-schema.ts'
import { idBytes, packBytes, packIds } from '../database/packed-arrays.ts'
import type { GroupChange, GroupMember } from './public-groups.ts'

/** Writing what an epoch of a conversation is: a group has some thousand members, so each table takes one statement. */

type Database = Kysely<ChatSchema>

export type EpochWelcomes = {
  readonly conversationId: ConversationId
  readonly epoch: number
  readonly joinedSeq: number
  readonly welcomes: readonly { readonly deviceId: DeviceId; readonly welcome: Uint8Array }[]
}

export async function storeWelcomes(
  database: Database,
  { conversationId, epoch, joinedSeq, welcomes }: EpochWelcomes,
): Promise<void> {
  if (welcomes.length === 0) return
  await sql`
    INSERT INTO welcome (device_id, conversation_id, epoch, joined_seq, welcome)
    SELECT u.device_id, ${idBytes(conversationId)}, ${epoch}, ${joinedSeq}, u.welcome
    FROM unnest(
      ${packIds(welcomes.map(each => each.deviceId))}::bytea[],
      ${packBytes(welcomes.map(each => each.welcome))}::bytea[]) AS u (device_id, welcome)`.execute(database)
}

/** New members, and those that come again. */
export async function storeJoined(
  database: Database,
  conversationId: ConversationId,
  joined: readonly GroupMember[],
  joinedSeq: number,
): Promise<void> {
  if (joined.length === 0) return
  await sql`
    INSERT INTO conversation_member (conversation_id, device_id, account_id, joined_seq)
    SELECT ${idBytes(conversationId)}, u.device_id, u.account_id, ${joinedSeq}
    FROM unnest(
      ${packIds(joined.map(member => member.deviceId))}::bytea[],
      ${packIds(joined.map(member => member.accountId))}::bytea[]) AS u (device_id, account_id)
    ON CONFLICT (conversation_id, device_id) DO UPDATE
      SET joined_seq = EXCLUDED.joined_seq, left_seq = NULL`.execute(database)
}

/** Devices of an account that said before that it leaves have gone then, not now. */
export async function storeLeft(
  database: Database,
  conversationId: ConversationId,
  left: readonly DeviceId[],
  leftSeq: number,
): Promise<void> {
  if (left.length === 0) return
  await sql`
    UPDATE conversation_member SET left_seq = ${leftSeq}
    WHERE conversation_id = ${idBytes(conversationId)} AND left_seq IS NULL
      AND device_id = ANY (${packIds(left)}::bytea[])`.execute(database)
}

export async function storeEntries(
  database: Database,
  conversationId: ConversationId,
  changes: readonly GroupChange[],
): Promise<void> {
  const id = idBytes(conversationId)
  const deleted = changes.filter(change => change.value === null).map(change => change.key)
  if (deleted.length > 0) {
    await database
      .deleteFrom('public_group_entry')
      .where('conversation_id', '=', id)
      .where('key', 'in', deleted)
      .execute()
  }
  const written = changes.flatMap(({ key, value }) =>
    value === null ? [] : [{ conversation_id: id, key, value }],
  )
  if (written.length === 0) return
  await database
    .insertInto('public_group_entry')
    .values(written)
    .onConflict(conflict =>
      conflict
        .columns(['conversation_id', 'key'])
        .doUpdateSet(({ ref }) => ({ value: ref('excluded.value') })),
    )
    .execute()
}

/** Of direct conversations nothing: there is nothing in it that the server would look up. */
export const storedData = (data: GroupData): Uint8Array | null =>
  data.kind === 'group' ? encodeGroupData(data) : null
