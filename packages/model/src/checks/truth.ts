import type { ChatId } from '@entangle/client'
import type { AccountId, ConversationId, DeviceId } from '@entangle/protocol'
import type { ModelServer } from '../server/model-server.ts'

export type LogEvent = {
  readonly seq: number
  readonly epoch: number
  readonly kind: 'message' | 'commit' | 'proposal'
  readonly messageId: string
  readonly sender: DeviceId
  readonly body: Uint8Array
}

export type Membership = {
  readonly accountId: AccountId
  readonly joinedSeq: number
  readonly leftSeq: number | null
}

/** What the server's database says at the end; nothing of it is believed by the clients without proof. */
export type Truth = {
  readonly conversationId: ConversationId
  readonly kind: 'direct' | 'group'
  readonly epoch: number
  readonly log: readonly LogEvent[]
  readonly members: ReadonlyMap<DeviceId, Membership>
}

type Rows<T> = { readonly rows: readonly T[] }
type EventRow = {
  readonly id: Buffer
  readonly seq: number
  readonly epoch: number
  readonly kind: number
  readonly message_id: Buffer
  readonly sender_device: Buffer
  readonly body: Buffer
}
type MemberRow = {
  readonly id: Buffer
  readonly device_id: Buffer
  readonly account_id: Buffer
  readonly joined_seq: number
  readonly left_seq: number | null
}

const hex = <Id extends string>(bytes: Buffer) => bytes.toString('hex') as Id
const KINDS = ['message', 'commit', 'proposal'] as const

const toEvent = (row: EventRow): LogEvent => ({
  seq: row.seq,
  epoch: row.epoch,
  kind: KINDS[row.kind] ?? 'proposal',
  messageId: hex(row.message_id),
  sender: hex(row.sender_device),
  body: row.body,
})

export async function readTruths({ databases: { chatPool } }: ModelServer): Promise<Truth[]> {
  const [conversations, events, members]: [
    Rows<{ id: Buffer; kind: number; epoch: number }>,
    Rows<EventRow>,
    Rows<MemberRow>,
  ] = await Promise.all([
    chatPool.query('SELECT id::bytea, kind, epoch FROM conversation ORDER BY id'),
    chatPool.query(
      'SELECT conversation_id AS id, seq, epoch, kind, message_id, sender_device, body FROM message ORDER BY seq',
    ),
    chatPool.query(
      'SELECT conversation_id::bytea AS id, device_id::bytea, account_id::bytea, joined_seq, left_seq FROM conversation_member',
    ),
  ])
  return conversations.rows.map(({ id, kind, epoch }) => ({
    conversationId: hex(id),
    kind: kind === 0 ? 'direct' : 'group',
    epoch,
    log: events.rows.filter(row => row.id.equals(id)).map(toEvent),
    members: new Map(
      members.rows
        .filter(row => row.id.equals(id))
        .map(row => [
          hex(row.device_id),
          { accountId: hex(row.account_id), joinedSeq: row.joined_seq, leftSeq: row.left_seq },
        ]),
    ),
  }))
}

/** The accounts that are in at the end. */
export const accountsIn = ({ members }: Truth): ReadonlySet<AccountId> =>
  new Set([...members.values()].filter(({ leftSeq }) => leftSeq === null).map(({ accountId }) => accountId))

/** Under which name this account sees the conversation; undefined when it never had part in it. */
export function chatIdOf({ kind, conversationId, members }: Truth, accountId: AccountId): ChatId | undefined {
  const accounts = new Set([...members.values()].map(member => member.accountId))
  if (!accounts.has(accountId)) return undefined
  if (kind === 'group') return `group-${conversationId}` as ChatId
  const peer = [...accounts].find(other => other !== accountId)
  return peer === undefined ? undefined : (`direct-${peer}` as ChatId)
}
