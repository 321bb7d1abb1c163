import type { ConversationId } from '@entangle/protocol'
import { randomFrom } from '@entangle/testkit/harness'
import { createSimWorld, type SimConnection, type SimNode } from '@entangle/testkit/simulation'
import { newAccount, pickConversation, type SimConversation } from './population.ts'

export type Healing = {
  readonly deliveries: number
  /** Shares of the deliveries: pushed, found by the gap before a later message, found by asking for the heads. */
  readonly pushed: number
  readonly byGap: number
  readonly byHeads: number
  readonly undelivered: number
}

type Person = {
  readonly connection: SimConnection
  readonly conversation: SimConversation
  readonly node: SimNode
}

const NODES = 20
const CONVERSATIONS = 120
const SECONDS = 300
const LOST_ON_THE_BUS = 0.02
/** A client asks for the heads so often, at a moment of its own. */
const HEADS_LEAST_MS = 30_000
const HEADS_MOST_MS = 60_000

/**
 * Five minutes of a cluster in which things go wrong: the bus loses events, the registry loses everything and is then
 * away, people come back at other nodes. Clients heal as ours do: by gaps, and by asking for the heads.
 */
export async function measureHealing(seed: number): Promise<Healing> {
  const random = randomFrom(seed)
  const found = { byGap: 0, byHeads: 0 }
  const seenOf = ({ seen }: SimConnection, id: ConversationId): Set<number> => seen.get(id) ?? new Set()

  /** What is in the log up to there and was not shown. */
  function catchUp(connection: SimConnection, id: ConversationId, upTo: number): number {
    const seen = seenOf(connection, id)
    let caught = 0
    for (let seq = upTo; seq > (connection.from.get(id) ?? upTo); seq--) {
      if (seen.has(seq)) continue
      seen.add(seq)
      caught += 1
    }
    return caught
  }

  const world = createSimWorld({
    nodes: NODES,
    random,
    carry: bus => ({
      ...bus,
      publish: events => bus.publish(events.filter(() => random.next() >= LOST_ON_THE_BUS)),
    }),
    onShown(connection, id, seq) {
      found.byGap += catchUp(connection, id, seq - 1)
    },
  })
  await world.settle()

  const people: Person[] = []
  async function arrive(conversation: SimConversation, at: number): Promise<void> {
    const deviceId = conversation.online[at]
    if (deviceId === undefined) return
    const node = random.pick(world.nodes)
    const connection = await node.connect(deviceId, newAccount())
    people.push({ connection, conversation, node })
    const ask = (): void => {
      if (!connection.isOpen) return
      found.byHeads += catchUp(connection, conversation.id, world.headOf(conversation.id))
      world.clock.after(random.integer(HEADS_LEAST_MS, HEADS_MOST_MS), ask)
    }
    world.clock.after(random.integer(0, HEADS_MOST_MS), ask)
  }
  const conversations = Array.from({ length: CONVERSATIONS }, () => pickConversation(random))
  for (const conversation of conversations) {
    world.found(conversation.id, conversation.members)
    for (let at = 0; at < Math.min(conversation.online.length, 30); at++) await arrive(conversation, at)
  }

  async function move(): Promise<void> {
    const person = random.pick(people)
    if (!person.connection.isOpen) return
    person.node.disconnect(person.connection)
    const at = person.conversation.online.indexOf(person.connection.deviceId)
    await arrive(person.conversation, at)
  }
  for (let second = 0; second < SECONDS; second++) {
    if (second === 60 || second === 200) world.loseInterest()
    if (second === 120) world.breakRegistry(true)
    if (second === 150) world.breakRegistry(false)
    for (let moved = 0; moved < 3; moved++) await move()
    for (let sent = 0; sent < 20; sent++) {
      const { connection, conversation, node } = random.pick(people)
      if (connection.isOpen) world.send(conversation.id, connection.deviceId, node)
    }
    await world.clock.advance(1000, world.settle)
  }
  await world.clock.advance(HEADS_MOST_MS, world.settle)

  let deliveries = 0
  let undelivered = 0
  for (const { connection, conversation } of people) {
    if (!connection.isOpen) continue
    undelivered += catchUp(connection, conversation.id, world.headOf(conversation.id))
  }
  for (const { connection } of people) for (const seen of connection.seen.values()) deliveries += seen.size
  const share = (count: number) => count / deliveries
  return {
    deliveries,
    byGap: share(found.byGap),
    byHeads: share(found.byHeads),
    pushed: share(deliveries - found.byGap - found.byHeads - undelivered),
    undelivered,
  }
}
