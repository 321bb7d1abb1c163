import type { AccountId, AccountSummary, ConversationId, DeviceId, MessageId } from '@entangle/protocol'
import type { ChatId } from '../api/engine-api.ts'

/** Keys of one epoch for what is not a message, from the MLS exporter. */
export type EpochKeys = {
  readonly epoch: number
  readonly receipt: Uint8Array
  readonly ephemeral: Uint8Array
}

/** A commit of this device that the server has not answered for good. Resubmitting it is harmless. */
export type PendingCommit = {
  readonly messageId: MessageId
  readonly epoch: number
  readonly commit: Uint8Array
  readonly groupInfo: Uint8Array
}

/** The group behind a chat. */
export type ConversationState =
  | { readonly phase: 'none' }
  /** A group of our own waits for the server's word. */
  | { readonly phase: 'founding'; readonly conversationId: ConversationId }
  /** The group exists and this device is not in it: a Welcome will come, or it comes in by itself. */
  | { readonly phase: 'awaited'; readonly conversationId: ConversationId }
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
}

export type Marks = { readonly delivered: number; readonly read: number }

export type ChatRecord = {
  readonly id: ChatId
  readonly peer: AccountSummary & { readonly gone: boolean }
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
    readonly own: boolean
    readonly time: number
  } | null
  /** The person here has read up to this sequence number. */
  readonly readSeq: number
  readonly unread: number
  /** Newest message of the other. */
  readonly peerSeq: number
  /** How far the other has stored and read. */
  readonly marks: Marks
  /** What the other was last told of us. */
  readonly receipted: Marks
  readonly warning: 'identity-changed' | null
  /** Messages sealed singly, after the last segment. */
  readonly tail: number
  readonly conversation: ConversationState
}

export const directChatId = (accountId: AccountId): ChatId => `direct-${accountId}` as ChatId

export const newChat = (peer: AccountSummary, standing: ChatRecord['standing'], now: number): ChatRecord => ({
  id: directChatId(peer.accountId),
  peer: { ...peer, gone: false },
  standing,
  blocked: false,
  hidden: false,
  draft: '',
  createdAt: now,
  last: null,
  readSeq: 0,
  unread: 0,
  peerSeq: 0,
  marks: { delivered: 0, read: 0 },
  receipted: { delivered: 0, read: 0 },
  warning: null,
  tail: 0,
  conversation: { phase: 'none' },
})

/** Whether anything about us may go back to the other: receipts, typing. */
export const mayAnswer = (chat: ChatRecord): boolean => chat.standing === 'accepted' && !chat.blocked
