import type { AccountId, MessageId } from '@entangle/protocol'
import type { Notice } from '../api/engine-api.ts'

export type MessageContent =
  | { readonly kind: 'text'; readonly text: string }
  /** Something that happened in the chat, told in its place. */
  | { readonly kind: 'notice'; readonly notice: Notice }
  /** Kept as it came, for the version that understands it. */
  | { readonly kind: 'unsupported'; readonly raw: Uint8Array }
  | {
      readonly kind: 'pending'
      /** When it did not open here, by this device's clock; missing where an earlier version has stored it. */
      readonly since?: number
      /** Why it does not open; a code of the crypto catalogue. */
      readonly code: string
      readonly epoch: number
      readonly raw: Uint8Array
    }

/** One message of the history, as it lies sealed in the store. */
export type MessageRecord = {
  readonly seq: number
  readonly id: MessageId
  readonly from: AccountId
  readonly own: boolean
  /** The server's time, milliseconds since 1970. */
  readonly time: number
  readonly content: MessageContent
}

/** What happened in a chat is told, and asks for nothing. */
export const countsAsUnread = ({ own, content }: MessageRecord): boolean => !own && content.kind !== 'notice'
