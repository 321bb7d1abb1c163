import type { AccountId, ConversationId, DeliverFrame, DeviceId } from '@entangle/protocol'
import type { SessionId } from '../ports/session-verifier.ts'

/** What travels on the event bus, from whoever committed something to the nodes that hold the sockets. */
export type ChatEvent =
  /** A committed event of the log, and the finished frame, the same bytes for every socket. */
  | {
      readonly kind: 'deliver'
      readonly conversationId: ConversationId
      readonly event: DeliverFrame
      readonly frame: Buffer
    }
  /** Not in the log: receipts and typing, for all but the sender. */
  | {
      readonly kind: 'forward'
      readonly conversationId: ConversationId
      readonly exceptDevice: DeviceId
      readonly frame: Buffer
    }
  | {
      readonly kind: 'joined'
      readonly conversationId: ConversationId
      readonly deviceIds: readonly DeviceId[]
    }
  | {
      readonly kind: 'left'
      readonly conversationId: ConversationId
      readonly deviceIds: readonly DeviceId[]
    }
  | { readonly kind: 'welcome'; readonly conversationId: ConversationId; readonly deviceId: DeviceId }
  /** These accounts came into the conversation or left it: those of their devices that are not in it ask for the heads. */
  | {
      readonly kind: 'announced'
      readonly conversationId: ConversationId
      readonly accountIds: readonly AccountId[]
    }
  /** Account state was written: for the account's other devices. */
  | {
      readonly kind: 'state'
      readonly accountId: AccountId
      readonly exceptDevice: DeviceId
      readonly revision: number
    }
  /** A letter waits for each of these. */
  | { readonly kind: 'letter'; readonly deviceIds: readonly DeviceId[] }
  | { readonly kind: 'gone'; readonly accountId: AccountId; readonly tell: readonly DeviceId[] }
  | { readonly kind: 'sessions-ended'; readonly sessionIds: readonly SessionId[] }
  | { readonly kind: 'device-revoked'; readonly deviceId: DeviceId }
