import { setTimeout as sleep } from 'node:timers/promises'
import { describeError, type Log } from '../../logging.ts'
import type { Addressed, EventBus, Subscription } from '../../ports/event-bus.ts'
import type { Topic } from '../../ports/interest-registry.ts'
import type { ChatEvent } from '../chat-event.ts'
import { audiencesOf } from './audience.ts'
import type { Interest, ScopesOf } from './interest.ts'

export type Publisher = {
  /** For every socket that they concern, wherever it is. In the order of the calls, as far as the bus keeps it. */
  publish(events: readonly ChatEvent[]): void
}

/** The sockets of this node. */
export type LocalNode = {
  handle(events: readonly ChatEvent[]): void
  /** What other nodes had for them may have been lost. */
  missed(): void
  /** Everything that somebody listens to here. */
  held(): Iterable<Topic>
  readonly scopesOf: ScopesOf
}

export type Router = Publisher & {
  attach(node: LocalNode): void
  /** Once it has resolved, others publish here what concerns these topics. Never rejects. */
  listen(firm: readonly Topic[], gathered: readonly Topic[]): Promise<void>
  leave(firm: readonly Topic[]): void
  /** From here on this node hears what the others publish. */
  readonly ready: Promise<void>
  /** Resolves when everything that was published has gone to the bus. */
  stop(): Promise<void>
}

/** Every node that is alive, this one too. */
export type Nodes = {
  readonly slots: readonly string[]
  /** By the name that a node has in the registry. */
  readonly slotOf: ReadonlyMap<string, string>
  /** Slots of those that want everything, because they cannot say what. */
  readonly hearingAll: readonly string[]
}

/** Which slot is read here, and which ones are read at all. */
export type Slots = {
  readonly own: () => string
  readonly nodes: () => Nodes
  onMoved(listener: (slot: string) => void): void
}

/** Calls of `publish` that wait for an answer of the registry. Beyond it nobody is asked: all nodes get everything. */
const WAITING_LIMIT = 10_000

/**
 * From one handing over to the bus to the next: whoever writes into the quiet is not kept waiting, and in a crowd what
 * each record costs, here, in the registry and on the bus, is shared by many.
 */
const GATHER_MS = 40

/** Where there is only one node, everything goes straight to its own sockets. */
export function createLocalRouter(): Router {
  let node: LocalNode | undefined
  return {
    attach(attached) {
      node = attached
    },
    publish: events => node?.handle(events),
    listen: async () => undefined,
    leave: () => undefined,
    ready: Promise.resolve(),
    stop: async () => undefined,
  }
}

type Parts = {
  readonly bus: EventBus<ChatEvent>
  readonly slots: Slots
  /** Without it every node gets everything. */
  readonly openInterest: ((node: Pick<LocalNode, 'held' | 'missed'>) => Interest) | undefined
  readonly log: Log
  readonly gatherMs?: number
}

/**
 * What concerns sockets of this node goes to them directly, in order and whatever becomes of the bus; other nodes get
 * over the bus what somebody listens to there.
 */
export function createRouter({ bus, slots, openInterest, log, gatherMs = GATHER_MS }: Parts): Router {
  let node: LocalNode | undefined
  let interest: Interest | undefined
  let waiting: (readonly ChatEvent[])[] = []
  let running: Promise<void> | undefined

  const read = (slot: string): Subscription =>
    bus.subscribe(
      slot,
      events => node?.handle(events),
      () => node?.missed(),
    )
  let subscription = read(slots.own())
  slots.onMoved(slot => {
    subscription.end()
    subscription = read(slot)
    interest?.moved()
    // Between the two others may have published to the slot that was ours.
    void subscription.ready.then(() => node?.missed())
  })

  const others = (wanted: Iterable<string>): string[] => {
    const own = slots.own()
    return [...new Set(wanted)].filter(slot => slot !== own)
  }

  const toEverybody = (events: readonly ChatEvent[]): Addressed<ChatEvent>[] => {
    const all = others(slots.nodes().slots)
    return events.map(event => ({ event, slots: all }))
  }

  async function address(calls: readonly (readonly ChatEvent[])[]): Promise<Addressed<ChatEvent>[]> {
    const events = calls.flat()
    if (node === undefined || interest === undefined) return toEverybody(events)
    const nodesOf = await interest.find(calls.flatMap(audiencesOf), node.scopesOf)
    const { slots: all, slotOf, hearingAll } = slots.nodes()
    const slotsOf = (nodes: ReadonlySet<string> | undefined): string[] =>
      others(
        nodes === undefined ? all : [...hearingAll, ...[...nodes].flatMap(name => slotOf.get(name) ?? [])],
      )
    // Most of what waits together is of a few conversations.
    const known = new Map<ReadonlySet<string> | undefined, readonly string[]>()
    return events.map((event, at) => {
      const nodes = nodesOf[at]
      const wanted = known.get(nodes) ?? slotsOf(nodes)
      known.set(nodes, wanted)
      return { event, slots: wanted }
    })
  }

  /** One question after the other, so that what is published keeps its order; what comes meanwhile goes with the next. */
  async function run(): Promise<void> {
    while (waiting.length > 0) {
      const gathered = gatherMs === 0 ? undefined : sleep(gatherMs)
      const calls = waiting
      waiting = []
      bus.publish(calls.length > WAITING_LIMIT ? toEverybody(calls.flat()) : await address(calls))
      await gathered
    }
  }

  function start(): void {
    running ??= run()
      .catch(error => log.error('not published', describeError(error)))
      .finally(() => {
        running = undefined
        if (waiting.length > 0) start()
      })
  }

  return {
    ready: subscription.ready,
    attach(attached) {
      node = attached
      interest = openInterest?.(attached)
    },
    publish(events) {
      if (events.length === 0) return
      node?.handle(events)
      if (slots.nodes().slots.length <= 1) return
      waiting.push(events)
      start()
    },
    listen: async (firm, gathered) => interest?.announce(firm, gathered),
    leave: firm => interest?.withdraw(firm),
    async stop() {
      subscription.end()
      while (running !== undefined) await running
      interest?.stop()
    },
  }
}
