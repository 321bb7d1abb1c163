import type { EventBus, Subscription } from '../../ports/event-bus.ts'
import type { ChatEvent } from '../chat-event.ts'

export type Publisher = {
  /** For every socket that they concern, wherever it is. In the order of the calls, as far as the bus keeps it. */
  publish(events: readonly ChatEvent[]): void
}

export type Router = Publisher & {
  /** Who serves the sockets of this node. `missed`: what other nodes had for them may have been lost. */
  attach(handler: (events: readonly ChatEvent[]) => void, missed: () => void): void
  /** From here on this node hears what the others publish. */
  readonly ready: Promise<void>
  stop(): void
}

/** Which slot is read here, and which ones others read now. */
export type Slots = {
  readonly own: () => string
  readonly others: () => readonly string[]
  onMoved(listener: (slot: string) => void): void
}

export const ONE_NODE: Slots = { own: () => '0', others: () => [], onMoved: () => undefined }

/**
 * What concerns sockets of this node goes to them directly, in order and whatever becomes of the bus; the other nodes
 * that are alive get it over the bus.
 */
export function createRouter(bus: EventBus<ChatEvent>, slots: Slots): Router {
  let handle: (events: readonly ChatEvent[]) => void = () => undefined
  let miss: () => void = () => undefined
  const read = (slot: string): Subscription =>
    bus.subscribe(
      slot,
      events => handle(events),
      () => miss(),
    )
  let subscription = read(slots.own())
  slots.onMoved(slot => {
    subscription.end()
    subscription = read(slot)
    // Between the two others may have published to the slot that was ours.
    void subscription.ready.then(() => miss())
  })
  return {
    ready: subscription.ready,
    attach(handler, missed) {
      handle = handler
      miss = missed
    },
    publish(events) {
      if (events.length === 0) return
      handle(events)
      bus.publish(slots.others(), events)
    },
    stop: () => subscription.end(),
  }
}
