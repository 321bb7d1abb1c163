import { createHash } from 'node:crypto'
import { type ConversationId, EVENT_KINDS, type MessageId, ProtocolError } from '@entangle/protocol'
import type { Transaction } from 'kysely'
import type { ChatSchema } from '../database/chat-schema.ts'
import { idBytes } from '../database/packed-arrays.ts'
import type { DeviceSession } from '../ports/session-verifier.ts'
import type { GroupEntry, OpenGroup, PublicGroups } from './public-groups.ts'

/** What a commit and a proposal have in common: one at a time, each with one outcome for ever. */

export type Work = Transaction<ChatSchema>

export type Handshake = {
  readonly kind: 'commit' | 'proposal'
  readonly conversationId: ConversationId
  readonly messageId: MessageId
  readonly epoch: number
  readonly body: Uint8Array
}

export type LockedConversation = { readonly kind: number; readonly epoch: number; readonly last_seq: number }

export type Recorded =
  | { readonly kind: 'known'; readonly seq: number; readonly epoch: number; readonly serverTime: number }
  | { readonly kind: 'refused'; readonly epoch: number }

const digestOf = ({ body }: Handshake): Buffer => createHash('sha256').update(body).digest()

export async function lockConversation(work: Work, id: Buffer): Promise<LockedConversation> {
  const row = await work
    .selectFrom('conversation')
    .select(['kind', 'epoch', 'last_seq'])
    .where('id', '=', id)
    .forNoKeyUpdate()
    .executeTakeFirst()
  if (row === undefined) throw new ProtocolError('CHAT_CONVERSATION_NOT_FOUND')
  return row
}

/** What the same handshake was answered with before. Throws CHAT_MESSAGE_ID_REUSED. */
export async function findRecorded(
  work: Work,
  session: DeviceSession,
  handshake: Handshake,
): Promise<Recorded | undefined> {
  const known = await work
    .selectFrom('message')
    .select(['seq', 'epoch', 'server_time', 'body', 'kind'])
    .where('conversation_id', '=', idBytes(handshake.conversationId))
    .where('sender_device', '=', idBytes(session.deviceId))
    .where('message_id', '=', idBytes(handshake.messageId))
    .executeTakeFirst()
  if (known !== undefined) {
    const isSame =
      EVENT_KINDS[known.kind] === handshake.kind && Buffer.from(known.body).equals(handshake.body)
    if (!isSame) throw new ProtocolError('CHAT_MESSAGE_ID_REUSED')
    return { kind: 'known', seq: known.seq, epoch: known.epoch, serverTime: known.server_time }
  }
  const refusal = await work
    .selectFrom('epoch_refusal')
    .select('current_epoch')
    .where('conversation_id', '=', idBytes(handshake.conversationId))
    .where('sender_device', '=', idBytes(session.deviceId))
    .where('message_id', '=', idBytes(handshake.messageId))
    .where('digest', '=', digestOf(handshake))
    .executeTakeFirst()
  return refusal && { kind: 'refused', epoch: refusal.current_epoch }
}

export async function recordRefusal(
  work: Work,
  session: DeviceSession,
  handshake: Handshake,
  epoch: number,
): Promise<Extract<Recorded, { kind: 'refused' }>> {
  await work
    .insertInto('epoch_refusal')
    .values({
      conversation_id: idBytes(handshake.conversationId),
      sender_device: idBytes(session.deviceId),
      message_id: idBytes(handshake.messageId),
      digest: digestOf(handshake),
      current_epoch: epoch,
    })
    .onConflict(conflict => conflict.doNothing())
    .execute()
  return { kind: 'refused', epoch }
}

export async function storeHandshake(
  work: Work,
  session: DeviceSession,
  handshake: Handshake,
  seq: number,
  nowMs: number,
): Promise<void> {
  await work
    .insertInto('message')
    .values({
      conversation_id: idBytes(handshake.conversationId),
      seq,
      epoch: handshake.epoch,
      server_time: nowMs,
      kind: EVENT_KINDS.indexOf(handshake.kind),
      message_id: idBytes(handshake.messageId),
      sender_device: idBytes(session.deviceId),
      body: handshake.body,
    })
    .execute()
}

/** Whether the account has a device in the conversation. Throws CHAT_CONVERSATION_NOT_FOUND, CHAT_NOT_MEMBER. */
export async function assertMember(work: Work, session: DeviceSession, id: Buffer): Promise<void> {
  const rows = await work
    .selectFrom('conversation_member')
    .select(['device_id', 'left_seq'])
    .where('conversation_id', '=', id)
    .where('account_id', '=', idBytes(session.accountId))
    .execute()
  if (rows.some(row => row.left_seq === null)) return
  const wasIn = rows.some(row => row.device_id.equals(idBytes(session.deviceId)))
  throw new ProtocolError(wasIn ? 'CHAT_NOT_MEMBER' : 'CHAT_CONVERSATION_NOT_FOUND')
}

/**
 * One transaction with the public group at hand. What the group verified is kept in memory only if it was stored.
 */
export async function withPublicGroup<T>(
  groups: PublicGroups,
  transact: (
    open: (conversationId: ConversationId, epoch: number, work: Work) => Promise<OpenGroup>,
  ) => Promise<T>,
): Promise<T> {
  let group: OpenGroup | undefined
  try {
    const outcome = await transact(async (conversationId, epoch, work) => {
      group = await groups.open(conversationId, epoch, () => readEntries(work, conversationId))
      return group
    })
    group?.keep()
    return outcome
  } catch (error) {
    group?.restore()
    throw error
  }
}

const readEntries = (work: Work, conversationId: ConversationId): Promise<GroupEntry[]> =>
  work
    .selectFrom('public_group_entry')
    .select(['key', 'value'])
    .where('conversation_id', '=', idBytes(conversationId))
    .execute()
