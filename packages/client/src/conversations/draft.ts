import type { DeviceState } from '@entangle/crypto'
import type { AccountId, GroupState, LogEvent, MessageId } from '@entangle/protocol'
import type { AccountContext, Self } from '../account/context.ts'
import type { ActiveConversation, ChatRecord } from '../chats/chat-record.ts'
import { previewOf } from '../chats/preview.ts'
import type { Fresh } from '../identity/leaf-check.ts'
import type { OutboxEntry } from '../outbox/outbox-entry.ts'
import type { Transaction } from '../store/ledger.ts'
import { countsAsUnread, type MessageContent, type MessageRecord } from '../timeline/message-record.ts'
import type { LoggedEvent } from './transcript.ts'

/** An event of the log, or our own message of which the server just told the place. */
export type InboxEvent =
  | LogEvent
  | {
      readonly kind: 'accepted'
      readonly seq: number
      readonly messageId: MessageId
      readonly serverTime: number
    }

/** What stands at its place of the log. */
export const asLogged = (event: InboxEvent, { deviceId }: Pick<Self, 'deviceId'>): LoggedEvent => ({
  seq: event.seq,
  messageId: event.messageId,
  senderDevice: event.kind === 'accepted' ? deviceId : event.senderDevice,
})

/** What was found out about the people of a batch. */
export type Trust = {
  readonly fresh: Fresh
  /** Devices that no list names may come in: by now they are out again. */
  readonly followsDeparted: boolean
}

/** How this device has come out of the group. */
export type Departure =
  /** Only this device: its account is still in, and it comes in anew. */
  | 'device'
  /** The state here cannot follow the others any more: it comes in anew. */
  | 'broken'
  | 'left'
  | 'removed'

/** What one batch of events makes of a chat, before it is written. */
export type Draft = {
  chat: ChatRecord
  conversation: ActiveConversation
  readonly messages: MessageRecord[]
  readonly settled: OutboxEntry[]
  /** Ids of this batch, which the log does not know yet. */
  readonly ids: Set<string>
  /** Places of messages that do not open here, and that another device of the account may bring. */
  readonly missed: number[]
  /** Of these, the ones that should have opened: the log may have them whole. */
  readonly unopened: number[]
  departure: Departure | undefined
  /** A group's state as those who just came in were told it, when it is another by now. */
  toTell: GroupState | undefined
  /** What has changed since this place was not told to somebody who came in, or perhaps not. */
  tellSince: number | undefined
  /** A member has asked for the group's state, and it is ours to answer. */
  isAsked: boolean
  /** What this device has told of the group's state counts for nobody: a member who manages it is asked to tell it. */
  asks: boolean
}

/** Where a batch is applied. */
export type Room = {
  readonly context: AccountContext
  readonly transaction: Transaction
  readonly mls: DeviceState
  readonly trust: Trust
}

export type Place = Pick<LogEvent, 'seq' | 'messageId' | 'serverTime'>

export const isKnown = async ({ context }: Room, draft: Draft, message: Pick<MessageRecord, 'from' | 'id'>) =>
  draft.ids.has(`${message.from}/${message.id}`) || (await context.log.isRepeated(draft.chat.id, message))

/** Takes a message into the batch as the newest of its chat. */
export function keep(draft: Draft, message: MessageRecord): void {
  const { chat } = draft
  const counts = countsAsUnread(message)
  draft.messages.push(message)
  draft.ids.add(`${message.from}/${message.id}`)
  draft.chat = {
    ...chat,
    hidden: chat.hidden && message.content.kind === 'notice',
    last: previewOf(message),
    unread: chat.unread + (counts && message.seq > chat.readSeq ? 1 : 0),
    peerSeq: counts ? message.seq : chat.peerSeq,
  }
}

/** The same, unless it is here already. */
export async function keepOnce(
  room: Room,
  draft: Draft,
  { seq, messageId, serverTime }: Place,
  from: AccountId,
  content: MessageContent,
): Promise<void> {
  const own = from === room.context.self.accountId
  const message = { seq, id: messageId, from, own, time: serverTime, content }
  if (!(await isKnown(room, draft, message))) keep(draft, message)
}
