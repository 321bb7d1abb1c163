import type { Addressed, EventBus } from '../ports/event-bus.ts'

/** Each slot's share, in order. */
function bySlot<Event>(events: readonly Addressed<Event>[]): Map<string, Event[]> {
  const shares = new Map<string, Event[]>()
  for (const { event, slots } of events) {
    for (const slot of slots) {
      const share = shares.get(slot)
      if (share === undefined) shares.set(slot, [event])
      else share.push(event)
    }
  }
  return shares
}

/** One process: a call of a function, in order. */
export function createInMemoryEventBus<Event>(): EventBus<Event> {
  const handlers = new Map<string, Set<(events: readonly Event[]) => void>>()
  return {
    publish(events) {
      for (const [slot, share] of bySlot(events))
        for (const handler of handlers.get(slot) ?? []) handler(share)
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
