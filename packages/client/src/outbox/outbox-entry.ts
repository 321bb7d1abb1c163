import type { ConversationId, MessageId } from '@entangle/protocol'
import type { ChatId } from '../api/engine-api.ts'
import type { StateContent } from '../groups/state.ts'

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

/** What a device may send: what a person writes, and what changes a group for all its members. */
export type OutboxContent = { readonly kind: 'text'; readonly text: string } | StateContent

/** A message until it comes back with its place in the conversation. */
export type OutboxEntry = {
  readonly chatId: ChatId
  /** Order within the chat. */
  readonly place: number
  readonly messageId: MessageId
  readonly content: OutboxContent
  readonly createdAt: number
  readonly state: OutboxState
}

export type TextEntry = OutboxEntry & { readonly content: { readonly kind: 'text' } }

/** Only what a person has written shows while it waits; a change of the group shows once it is one. */
export const isText = (entry: OutboxEntry): entry is TextEntry => entry.content.kind === 'text'

/** As a version that sent texts only has stored it. */
type EarlierEntry = Omit<OutboxEntry, 'content'> & { readonly text: string }

/** Written by this engine and sealed: its form needs no second check. */
export function readEntry(value: unknown): OutboxEntry {
  const stored = value as OutboxEntry | EarlierEntry
  if ('content' in stored) return stored
  const { text, ...entry } = stored
  return { ...entry, content: { kind: 'text', text } }
}
