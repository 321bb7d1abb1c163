import type { ChatId } from '../api/engine-api.ts'
import type { MessageRecord } from '../timeline/message-record.ts'

export type Change =
  /** Anything of the chat that its summary or its rows show. */
  | { readonly kind: 'chat'; readonly chatId: ChatId }
  /** Older messages have come from the archive, in order. */
  | { readonly kind: 'history'; readonly chatId: ChatId; readonly messages: readonly MessageRecord[] }
  | { readonly kind: 'messages'; readonly chatId: ChatId; readonly messages: readonly MessageRecord[] }

/** Tells the projections what became durable. */
export function createChanges() {
  const listeners = new Set<(change: Change) => void>()
  return {
    listen(listener: (change: Change) => void): () => void {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
    tell(change: Change): void {
      for (const listener of [...listeners]) listener(change)
    },
  }
}
export type Changes = ReturnType<typeof createChanges>
