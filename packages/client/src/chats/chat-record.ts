import type {
  AccountId,
  AccountSummary,
  ConversationId,
  DeviceId,
  GroupState,
  MessageId,
} from '@entangle/protocol'
import type { ChatId, Notice } from '../api/engine-api.ts'
import type { Transcript } from '../conversations/transcript.ts'
import type { GroupRecord, Marks } from '../groups/group-record.ts'
import { isUnvouched } from '../groups/vouching.ts'

export type { Marks } from '../groups/group-record.ts'

/** Keys of one epoch for what is not a message, from the MLS exporter. */
export type EpochKeys = {
  readonly epoch: number
  /** When it began here, after an earlier one: milliseconds since 1970. */
  readonly since?: number
  readonly receipt: Uint8Array
  readonly ephemeral: Uint8Array
}

/** A commit of this device that the server has not answered for good. Resubmitting it is harmless. */
export type PendingCommit = {
  readonly messageId: MessageId
  readonly epoch: number
  readonly commit: Uint8Array
  readonly groupInfo: Uint8Array
  readonly welcomes: readonly { readonly deviceId: DeviceId; readonly welcome: Uint8Array }[]
  /** The group's state for those who are added, sealed, and as it was. */
  readonly snapshot: { readonly sealed: Uint8Array; readonly state: GroupState } | null
}

/** The group behind a chat. */
export type ConversationState =
  | { readonly phase: 'none' }
  /** A group of our own waits for the server's word. */
  | { readonly phase: 'founding'; readonly conversationId: ConversationId }
  /** The group exists and this device is not in it: a Welcome will come, or it comes in by itself. */
  | {
      readonly phase: 'awaited'
      readonly conversationId: ConversationId
      /** This device was in before and could not follow any more. */
      readonly mends?: boolean
      /** How far this device had come: no honest group is before that. */
      readonly reached?: { readonly epoch: number; readonly seq: number }
    }
  /** The account is out of the group, for good. */
  | { readonly phase: 'ended'; readonly conversationId: ConversationId }
  | ActiveConversation

export type ActiveConversation = {
  readonly phase: 'active'
  readonly conversationId: ConversationId
  /** Every event up to here is stored. */
  readonly cursor: number
  /** Newest first, at most one for each epoch whose messages are still accepted. */
  readonly keys: readonly EpochKeys[]
  readonly commit: PendingCommit | null
  readonly updateDueAt: number | null
  /** When to look for leaves of devices that left their account, and to put them out. */
  readonly sweepDueAt: number | null
  /** Devices in the tree that no list names, for now or any more: nobody vouches for what they write. */
  readonly strangers: readonly DeviceId[]
  /** Devices that had left their list and were put out here, newest last: none of them comes back. */
  readonly putOut?: readonly DeviceId[]
  /** Missing until the next epoch where an earlier version has stored the conversation. */
  readonly transcript?: Transcript | undefined
}

type ChatBase = {
  readonly id: ChatId
  readonly standing: 'new' | 'request' | 'accepted'
  readonly blocked: boolean
  /** A refused request: comes back with the next message. */
  readonly hidden: boolean
  readonly draft: string
  readonly createdAt: number
  readonly last: {
    readonly messageId: MessageId
    readonly seq: number
    readonly text: string
    readonly notice: Notice | null
    readonly own: boolean
    /** Null where an earlier version has stored an own one. */
    readonly from: AccountId | null
    readonly time: number
  } | null
  /** The person here has read up to this sequence number. */
  readonly readSeq: number
  readonly unread: number
  /** Newest message of anybody else. */
  readonly peerSeq: number
  /** What the others were last told of us. */
  readonly receipted: Marks
  readonly warning: 'identity-changed' | null
  /** Whose identity it is. */
  readonly suspect: AccountId | null
  /** The event that cannot be followed, where that is the reason of the warning: it ends once it is followed. */
  readonly warnedAt?: number | null
  /** Not in chats that an earlier version has stored. */
  readonly doubt?: 'record-contradicted' | null
  /** When this device last came in anew because it could not read what was said. */
  readonly mendedAt?: number
  /** Messages sealed singly, after the last segment. */
  readonly tail: number
  readonly conversation: ConversationState
}

export type DirectChat = ChatBase & {
  readonly kind: 'direct'
  readonly peer: AccountSummary & { readonly gone: boolean }
  /** How far the other has stored and read. */
  readonly marks: Marks
}

export type GroupChat = ChatBase & { readonly kind: 'group'; readonly group: GroupRecord }

export type ChatRecord = DirectChat | GroupChat

export const directChatId = (accountId: AccountId): ChatId => `direct-${accountId}` as ChatId

/** A group is one conversation for its whole life. */
export const groupChatId = (conversationId: ConversationId): ChatId => `group-${conversationId}` as ChatId

const newBase = (id: ChatId, standing: ChatRecord['standing'], now: number): ChatBase => ({
  id,
  standing,
  blocked: false,
  hidden: false,
  draft: '',
  createdAt: now,
  last: null,
  readSeq: 0,
  unread: 0,
  peerSeq: 0,
  receipted: { delivered: 0, read: 0 },
  warning: null,
  suspect: null,
  tail: 0,
  conversation: { phase: 'none' },
})

export const newChat = (peer: AccountSummary, standing: ChatRecord['standing'], now: number): DirectChat => ({
  ...newBase(directChatId(peer.accountId), standing, now),
  kind: 'direct',
  peer: { ...peer, gone: false },
  marks: { delivered: 0, read: 0 },
})

export const newGroupChat = (
  conversationId: ConversationId,
  group: GroupRecord,
  standing: ChatRecord['standing'],
  now: number,
): GroupChat => ({ ...newBase(groupChatId(conversationId), standing, now), kind: 'group', group })

/** The other of two, where it is a chat of two. */
export const peerOf = (chat: ChatRecord): DirectChat['peer'] | undefined =>
  chat.kind === 'direct' ? chat.peer : undefined

/** Whether the chat is with this account, or this account is in it. */
export const concerns = (chat: ChatRecord, accountId: AccountId): boolean =>
  chat.kind === 'direct' ? chat.peer.accountId === accountId : chat.group.members.includes(accountId)

/** Nobody is left who could read what is sent, or nobody lets this account send. */
export const isOver = (chat: ChatRecord): boolean =>
  chat.kind === 'direct' ? chat.peer.gone : chat.conversation.phase === 'ended'

/** Whether nothing may be sent yet: people are still on their way in, or their identities unchecked. */
export const isHeldBack = (chat: ChatRecord): boolean =>
  chat.kind === 'group' &&
  (chat.group.wanted.length > 0 || chat.group.unchecked.length > 0 || isUnvouched(chat.group))

/** Whether anything about us may go back to the others: receipts, typing. */
export const mayAnswer = (chat: ChatRecord): boolean => chat.standing === 'accepted' && !chat.blocked
