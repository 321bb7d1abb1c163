import type { EventBus } from '../ports/event-bus.ts'

/** One process: a call of a function, in order. */
export function createInMemoryEventBus<Event>(): EventBus<Event> {
  const handlers = new Map<string, Set<(events: readonly Event[]) => void>>()
  return {
    publish(slots, events) {
      for (const slot of slots) for (const handler of handlers.get(slot) ?? []) handler(events)
    },
    subscribe(slot, handler) {
      const ofSlot = handlers.get(slot) ?? new Set()
      handlers.set(slot, ofSlot.add(handler))
      const end = () => {
        ofSlot.delete(handler)
        if (ofSlot.size === 0) handlers.delete(slot)
      }
      return { ready: Promise.resolve(), end }
    },
  }
}
