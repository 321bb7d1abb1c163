import type { ConversationId, DeviceId } from '@entangle/protocol'
import type { ModelServer } from '../server/model-server.ts'

export type LogEvent = {
  readonly seq: number
  readonly epoch: number
  readonly isMessage: boolean
  readonly messageId: string
  readonly sender: DeviceId
  readonly body: Uint8Array
}

export type Membership = { readonly joinedSeq: number; readonly leftSeq: number | null }

/** What the server's database says at the end; nothing of it is believed by the clients without proof. */
export type Truth = {
  readonly conversationId: ConversationId
  readonly epoch: number
  readonly log: readonly LogEvent[]
  readonly members: ReadonlyMap<DeviceId, Membership>
}

type Rows<T> = { readonly rows: readonly T[] }
const hex = (bytes: Buffer) => bytes.toString('hex')

export async function readTruths({ databases: { chatPool } }: ModelServer): Promise<Truth[]> {
  const conversations: Rows<{ id: Buffer; epoch: number }> = await chatPool.query(
    'SELECT id::bytea, epoch FROM conversation',
  )
  const events: Rows<{
    id: Buffer
    seq: number
    epoch: number
    kind: number
    message_id: Buffer
    sender_device: Buffer
    body: Buffer
  }> = await chatPool.query(
    'SELECT conversation_id AS id, seq, epoch, kind, message_id, sender_device, body FROM message ORDER BY seq',
  )
  const members: Rows<{ id: Buffer; device_id: Buffer; joined_seq: number; left_seq: number | null }> =
    await chatPool.query(
      'SELECT conversation_id::bytea AS id, device_id::bytea, joined_seq, left_seq FROM conversation_member',
    )
  return conversations.rows.map(({ id, epoch }) => ({
    conversationId: hex(id) as ConversationId,
    epoch,
    log: events.rows
      .filter(row => row.id.equals(id))
      .map(row => ({
        seq: row.seq,
        epoch: row.epoch,
        isMessage: row.kind === 0,
        messageId: hex(row.message_id),
        sender: hex(row.sender_device) as DeviceId,
        body: row.body,
      })),
    members: new Map(
      members.rows
        .filter(row => row.id.equals(id))
        .map(row => [hex(row.device_id) as DeviceId, { joinedSeq: row.joined_seq, leftSeq: row.left_seq }]),
    ),
  }))
}
