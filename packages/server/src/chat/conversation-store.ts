import {
  type AccountId,
  type ConversationHead,
  type ConversationId,
  type DeviceId,
  ProtocolError,
} from '@entangle/protocol'
import { type Kysely, sql } from 'kysely'
import type { ChatDatabase, ChatSchema } from '../database/chat-schema.ts'
import { idBytes, idText } from '../database/packed-arrays.ts'
import type { DeviceSession } from '../ports/session-verifier.ts'

export const CONVERSATION_KINDS = ['direct', 'group'] as const

type HeadRow = {
  id: Buffer
  kind: number
  epoch: number
  last_seq: number
  members: Buffer[]
  joined: boolean
}

const toHead = (row: HeadRow): ConversationHead => ({
  conversationId: idText<ConversationId>(row.id),
  kind: CONVERSATION_KINDS[row.kind] ?? 'group',
  epoch: row.epoch,
  lastSeq: row.last_seq,
  members: row.members.map(member => idText<AccountId>(member)),
  joined: row.joined,
})

/** Heads of the conversations in whose tree the account has a leaf; or of one of them. */
export async function readHeads(
  database: Kysely<ChatSchema>,
  { accountId, deviceId }: DeviceSession,
  only?: ConversationId,
): Promise<ConversationHead[]> {
  const one = only === undefined ? sql`` : sql`AND me.conversation_id = ${idBytes(only)}`
  const { rows } = await sql<HeadRow>`
    SELECT c.id, c.kind, c.epoch, c.last_seq, coalesce(m.members, '{}') AS members, mine.joined
    FROM (
      SELECT me.conversation_id, bool_or(me.device_id = ${idBytes(deviceId)}) AS joined
      FROM conversation_member me
      WHERE me.account_id = ${idBytes(accountId)} AND me.left_seq IS NULL ${one}
      GROUP BY me.conversation_id) mine
    JOIN conversation c ON c.id = mine.conversation_id
    CROSS JOIN LATERAL (
      SELECT array_agg(DISTINCT other.account_id::bytea) AS members FROM conversation_member other
      -- Not of groups: nobody reads a thousand accounts at each reconnect, the tree has them.
      WHERE c.kind = ${CONVERSATION_KINDS.indexOf('direct')}
        AND other.conversation_id = c.id AND other.left_seq IS NULL) m
    ORDER BY c.id`.execute(database)
  return rows.map(toHead)
}

/** The conversations in whose tree the device has a leaf, each with its epoch. */
export async function readMemberships(
  database: ChatDatabase,
  deviceId: DeviceId,
): Promise<ReadonlyMap<ConversationId, number>> {
  const rows = await database
    .selectFrom('conversation_member as m')
    .innerJoin('conversation as c', 'c.id', 'm.conversation_id')
    .select(['c.id', 'c.epoch'])
    .where('m.device_id', '=', idBytes(deviceId))
    .where('m.left_seq', 'is', null)
    .execute()
  return new Map(rows.map(({ id, epoch }) => [idText<ConversationId>(id), epoch]))
}

export async function countWelcomes(database: ChatDatabase, deviceId: DeviceId): Promise<number> {
  const { count } = await database
    .selectFrom('welcome')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('device_id', '=', idBytes(deviceId))
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** What a device is told when it connects, beside its conversations. */
export type Greeting = {
  readonly counter: number
  readonly welcomes: number
  readonly letters: number
  readonly stateRevision: number
}

export async function readGreeting(
  database: ChatDatabase,
  { accountId, deviceId }: DeviceSession,
): Promise<Greeting> {
  const [account, device] = [idBytes(accountId), idBytes(deviceId)]
  const { rows } = await sql<Greeting>`
    SELECT
      coalesce((SELECT counter FROM device_counter WHERE device_id = ${device}), 0) AS counter,
      (SELECT count(*) FROM welcome WHERE device_id = ${device}) AS welcomes,
      (SELECT count(*) FROM device_letter WHERE device_id = ${device}) AS letters,
      coalesce((SELECT state_revision FROM account_store WHERE account_id = ${account}), 0) AS "stateRevision"`.execute(
    database,
  )
  const [greeting] = rows
  if (greeting === undefined) throw new ProtocolError('SERVER_ERROR')
  return greeting
}

export type StoredReceipt = {
  readonly conversationId: ConversationId
  readonly epoch: number
  readonly body: Uint8Array
  readonly senderAccount: AccountId
  readonly senderDevice: DeviceId
}

/** The newest receipt of each other device in the device's conversations. */
export async function readReceipts(database: ChatDatabase, deviceId: DeviceId): Promise<StoredReceipt[]> {
  const rows = await database
    .selectFrom('conversation_member as me')
    .innerJoin('receipt', 'receipt.conversation_id', 'me.conversation_id')
    .select([
      'receipt.conversation_id',
      'receipt.device_id',
      'receipt.account_id',
      'receipt.epoch',
      'receipt.body',
    ])
    .where('me.device_id', '=', idBytes(deviceId))
    .where('me.left_seq', 'is', null)
    .where('receipt.device_id', '!=', idBytes(deviceId))
    .execute()
  return rows.map(row => ({
    conversationId: idText(row.conversation_id),
    epoch: row.epoch,
    body: row.body,
    senderAccount: idText(row.account_id),
    senderDevice: idText(row.device_id),
  }))
}

export type ReadableLog = {
  /** What the device may read is after this … */
  readonly joinedSeq: number
  /** … up to this: where it left, or where the log ends now. */
  readonly lastSeq: number
}

/** Throws CHAT_CONVERSATION_NOT_FOUND. */
export async function readReadableLog(
  database: Kysely<ChatSchema>,
  conversationId: ConversationId,
  deviceId: DeviceId,
): Promise<ReadableLog> {
  const row = await database
    .selectFrom('conversation_member as m')
    .innerJoin('conversation as c', 'c.id', 'm.conversation_id')
    .select(['m.joined_seq', 'm.left_seq', 'c.last_seq'])
    .where('m.conversation_id', '=', idBytes(conversationId))
    .where('m.device_id', '=', idBytes(deviceId))
    .executeTakeFirst()
  if (row === undefined) throw new ProtocolError('CHAT_CONVERSATION_NOT_FOUND')
  return { joinedSeq: row.joined_seq, lastSeq: Math.min(row.last_seq, row.left_seq ?? row.last_seq) }
}
