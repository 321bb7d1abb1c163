import type { ConversationId, MessageId } from '@entangle/protocol'
import type { ChatId } from '../api/engine-api.ts'

/** Ciphertext that may have left this device: only these bytes may ever be sent again. */
export type SealedMessage = {
  readonly conversationId: ConversationId
  readonly epoch: number
  readonly counter: number
  readonly body: Uint8Array
}

export type OutboxState =
  /** Not encrypted yet, or its epoch was refused for good. */
  | { readonly kind: 'queued' }
  | { readonly kind: 'sealed'; readonly sealed: SealedMessage }
  | {
      readonly kind: 'failed'
      readonly code: string
      readonly message: string
      readonly canRetry: boolean
      readonly sealed: SealedMessage | null
    }

/** A message until it comes back with its place in the conversation. */
export type OutboxEntry = {
  readonly chatId: ChatId
  /** Order within the chat. */
  readonly place: number
  readonly messageId: MessageId
  readonly text: string
  readonly createdAt: number
  readonly state: OutboxState
}
