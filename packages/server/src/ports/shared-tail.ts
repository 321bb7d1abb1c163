import type { ConversationId, DeliverFrame } from '@entangle/protocol'

/** An event of a conversation's log, as it was committed. */
export type LogEvent = Omit<DeliverFrame, 'conversationId'>

/**
 * The newest events of conversations for whoever comes back, so that not everybody has to read the log. A hint: it may
 * have nothing, too little, or what an earlier state of the database has held. What the log holds is decided by the
 * database.
 */
export type SharedTail = {
  /** The events after `after`, up to and with `upTo`; undefined where one of them is not here. Never rejects. */
  read(conversationId: ConversationId, after: number, upTo: number): Promise<readonly LogEvent[] | undefined>
  /** What was read from the log: events without a hole. Nobody waits until it is kept, or learns that it was not. */
  keep(conversationId: ConversationId, events: readonly LogEvent[]): void
}
