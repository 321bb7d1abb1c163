import { createHash } from 'node:crypto'
import type { ConversationId, DeviceId } from '@entangle/protocol'
import type { DatabaseView } from '@entangle/testkit/harness'

/**
 * Accounts by the thousand, written into the databases of a running server: to sign each up would take minutes, and
 * is not what is measured. Each has one device and a session whose refresh token is known, so that from there on
 * everything is as for any client. Names and ids follow from numbers.
 */
const idOf = (kind: string, number: number): string =>
  createHash('md5').update(`bench ${kind} ${number}`).digest('hex')
const sqlId = (kind: string, number: string): string => `decode(md5('bench ${kind} ' || ${number}), 'hex')`

export type SeededDevice = {
  readonly number: number
  readonly deviceId: DeviceId
  /** The number of its conversation. */
  readonly conversation: number
  readonly conversationId: ConversationId
}

export const refreshTokenOf = (number: number): string => `bench-refresh-token-${number}`
export const conversationOf = (number: number): ConversationId =>
  idOf('conversation', number) as ConversationId

const USERS = (from: number, to: number): string => `
  WITH n AS (SELECT generate_series(${from}, ${to}) AS i),
  a AS (INSERT INTO account (id, handle, display_name)
    SELECT ${sqlId('account', 'i')}, 'bench-' || i, 'bench ' || i FROM n),
  d AS (INSERT INTO device (id, account_id, signature_key)
    SELECT ${sqlId('device', 'i')}, ${sqlId('account', 'i')}, ${sqlId('key', 'i')} FROM n),
  s AS (INSERT INTO session (id, account_id, device_id)
    SELECT ${sqlId('session', 'i')}, ${sqlId('account', 'i')}, ${sqlId('device', 'i')} FROM n)
  INSERT INTO refresh_token (hash, session_id, expires_at)
    SELECT sha256(convert_to('${refreshTokenOf(0).slice(0, -1)}' || i, 'UTF8')), ${sqlId('session', 'i')},
      now() + interval '1 day' FROM n`

/** Whoever has number i is in conversation i / size. */
const CHATS = (from: number, to: number, size: number): string => `
  WITH n AS (SELECT generate_series(${from}, ${to}) AS i),
  c AS (INSERT INTO conversation (id, kind, epoch, creator)
    SELECT ${sqlId('conversation', `(i / ${size})`)}, ${size === 2 ? 0 : 1}, 1, ${sqlId('device', 'i')}
    FROM n WHERE i % ${size} = 0)
  INSERT INTO conversation_member (conversation_id, device_id, account_id, joined_seq)
    SELECT ${sqlId('conversation', `(i / ${size})`)}, ${sqlId('device', 'i')}, ${sqlId('account', 'i')}, 0 FROM n`

/** Devices numbered from `first`, a multiple of `size`, in conversations of `size`. */
export async function seedDevices(
  view: Pick<DatabaseView, 'query'>,
  { first, count, size }: { readonly first: number; readonly count: number; readonly size: number },
): Promise<SeededDevice[]> {
  await view.query('entangle_users', USERS(first, first + count - 1))
  await view.query('entangle_chat', CHATS(first, first + count - 1, size))
  return Array.from({ length: count }, (_, at) => ({
    number: first + at,
    deviceId: idOf('device', first + at) as DeviceId,
    conversation: Math.floor((first + at) / size),
    conversationId: conversationOf(Math.floor((first + at) / size)),
  }))
}

/** Events that nobody has sent, in the log of each conversation. */
export async function seedLog(
  view: DatabaseView,
  devices: readonly SeededDevice[],
  { events, bodyBytes }: { readonly events: number; readonly bodyBytes: number },
): Promise<void> {
  for (const { conversationId, deviceId } of new Map(
    devices.map(each => [each.conversation, each]),
  ).values()) {
    await view.query(
      'entangle_chat',
      `INSERT INTO message (conversation_id, seq, epoch, server_time, kind, message_id, sender_device, body)
       SELECT '\\x${conversationId}', i, 1, 1700000000000 + i, 0, ${sqlId('message', 'i')}, '\\x${deviceId}',
         decode(repeat(md5(i::text), ${Math.ceil(bodyBytes / 16)}), 'hex')
       FROM generate_series(1, ${events}) AS n (i)`,
    )
    await view.query(
      'entangle_chat',
      `UPDATE conversation SET last_seq = ${events} WHERE id = '\\x${conversationId}'`,
    )
  }
}
