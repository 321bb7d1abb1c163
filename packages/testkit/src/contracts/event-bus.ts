import { describe, expect, test } from 'vitest'

/** The port as its users see it; adapters of the server fit it by shape. */
export type EventBusUnderTest = {
  publish(events: readonly { readonly event: string; readonly slots: readonly string[] }[]): void
  subscribe(
    slot: string,
    handler: (events: readonly string[]) => void,
  ): { readonly ready: Promise<void>; readonly end: () => void }
}

export type EventBusMedium = {
  readonly bus: EventBusUnderTest
  readonly destroy: () => Promise<void>
}

const WAIT_MS = 5000

const to = (slots: readonly string[], ...events: readonly string[]) => events.map(event => ({ event, slots }))

async function until(condition: () => boolean): Promise<void> {
  const giveUpAt = Date.now() + WAIT_MS
  while (!condition() && Date.now() < giveUpAt) await new Promise(resolve => setTimeout(resolve, 5))
  expect(condition()).toBe(true)
}

/** What every event bus must do, whatever carries it. */
export function eventBusContract(name: string, create: () => Promise<EventBusMedium>): void {
  describe(`event bus contract: ${name}`, () => {
    const withBus = (work: (bus: EventBusUnderTest) => Promise<void>) => async () => {
      const medium = await create()
      try {
        await work(medium.bus)
      } finally {
        await medium.destroy()
      }
    }

    test(
      'carries the events of a slot in the order in which they were published',
      withBus(async bus => {
        const seen: string[] = []
        await bus.subscribe('1', events => seen.push(...events)).ready
        const sent = Array.from({ length: 1000 }, (_, index) => `event ${index}`)
        for (let at = 0; at < sent.length; at += 7) bus.publish(to(['1'], ...sent.slice(at, at + 7)))
        await until(() => seen.length >= sent.length)
        expect(seen).toEqual(sent)
      }),
    )

    test(
      'keeps slots apart and serves every subscriber of one',
      withBus(async bus => {
        const seen: Record<string, string[]> = { first: [], second: [], other: [] }
        await bus.subscribe('1', events => seen['first']?.push(...events)).ready
        await bus.subscribe('1', events => seen['second']?.push(...events)).ready
        await bus.subscribe('2', events => seen['other']?.push(...events)).ready
        bus.publish(to(['1'], 'x'))
        bus.publish(to(['2'], 'y'))
        await until(
          () => seen['first']?.length === 1 && seen['second']?.length === 1 && seen['other']?.length === 1,
        )
        expect(seen).toEqual({ first: ['x'], second: ['x'], other: ['y'] })
      }),
    )

    test(
      'brings each slot its share of what was published together, in order',
      withBus(async bus => {
        const seen: Record<string, string[]> = { '1': [], '2': [] }
        for (const slot of ['1', '2']) await bus.subscribe(slot, events => seen[slot]?.push(...events)).ready
        bus.publish([
          ...to(['1', '2'], 'both'),
          ...to(['2'], 'second'),
          ...to([], 'nobody'),
          ...to(['2', '1'], 'end'),
        ])
        await until(() => seen['1']?.length === 2 && seen['2']?.length === 3)
        expect(seen).toEqual({ '1': ['both', 'end'], '2': ['both', 'second', 'end'] })
      }),
    )

    test(
      'sends nothing after a subscription has ended, and does not mind a slot that nobody reads',
      withBus(async bus => {
        const ended: string[] = []
        const lasting: string[] = []
        const subscription = bus.subscribe('1', events => ended.push(...events))
        await subscription.ready
        await bus.subscribe('1', events => lasting.push(...events)).ready
        bus.publish(to(['3'], 'lost'))
        subscription.end()
        subscription.end()
        bus.publish(to(['1'], 'late'))
        await until(() => lasting.length === 1)
        expect(ended).toEqual([])
      }),
    )

    test(
      'takes an empty list of events',
      withBus(async bus => {
        const seen: string[] = []
        await bus.subscribe('1', events => seen.push(...events)).ready
        bus.publish([])
        bus.publish(to(['1'], 'one'))
        await until(() => seen.length === 1)
        expect(seen).toEqual(['one'])
      }),
    )
  })
}
