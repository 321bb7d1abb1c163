export type Subscription = {
  /** From here on nothing is missed that a living bus carries: now one may say that this slot is read. */
  readonly ready: Promise<void>
  readonly end: () => void
}

/** An event, and the slots whose readers it is for. */
export type Addressed<Event> = { readonly event: Event; readonly slots: readonly string[] }

/**
 * Carries events between nodes. A slot, the decimal number of a partition, names the node that reads it. Events of one
 * slot arrive in the order in which they were published; they may be lost or come twice, and the log heals that.
 */
export type EventBus<Event> = {
  /** Never throws, never waits, and keeps a bounded amount while nobody takes it. */
  publish(events: readonly Addressed<Event>[]): void
  /** `missed`: events of this slot were lost; what comes now follows a gap. */
  subscribe(slot: string, handler: (events: readonly Event[]) => void, missed?: () => void): Subscription
}

/** An event as bytes, for a bus that leaves the process. */
export type EventCodec<Event> = {
  encode(event: Event): Uint8Array
  /** Untrusted bytes; `undefined` is what is not understood. */
  decode(bytes: Uint8Array): Event | undefined
}
