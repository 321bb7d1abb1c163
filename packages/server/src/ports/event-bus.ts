/**
 * Carries events between nodes. A slot names the node (later: the partition) that reads them. Events of
 * one slot arrive in the order in which they were published; they may be lost, and the log heals that.
 */
export type EventBus<Event> = {
  /** Never throws for a slot that nobody reads. */
  publish(slot: string, events: readonly Event[]): void
  /** Answers with the function that ends the subscription. */
  subscribe(slot: string, handler: (events: readonly Event[]) => void): () => void
}
