import type { ConversationId, DeviceId, MessageId } from '@entangle/protocol'

export type IncomingMessage = {
  readonly conversationId: ConversationId
  readonly senderDevice: DeviceId
  readonly messageId: MessageId
  readonly epoch: number
  readonly counter: number
  readonly body: Uint8Array
  /** As it came: what "the same bytes" means once a refusal is recorded. */
  readonly frame: Uint8Array
}

export type StoredOutcome = {
  /** 0, or the number of an error in the catalogue. */
  readonly status: number
  /** The place in the log; after CHAT_EPOCH_STALE the epoch that was current. */
  readonly seq: number
  readonly serverTime: number
  /** False for a repetition of what was stored before. */
  readonly fresh: boolean
}

/** The durable log. Resolves after the commit, with one outcome a message, in the order given. */
export type MessageStore = {
  /** No two messages of a batch may share conversation, device and message id. */
  append(batch: readonly IncomingMessage[], nowMs: number): Promise<readonly StoredOutcome[]>
}
