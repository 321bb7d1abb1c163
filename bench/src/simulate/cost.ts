import type { InterestRegistry } from '@entangle/server/routing'
import { randomFrom } from '@entangle/testkit/harness'
import { createSimWorld, type SimNode } from '@entangle/testkit/simulation'
import { ASSUMED, newAccount, pickConversation } from './population.ts'

export type Cost = {
  readonly nodes: number
  /** Records' events that a node reads from the bus in a second, and what it would be if each read all. */
  readonly eventsANode: number
  readonly eventsIfAllReadAll: number
  /** Nodes other than the sender's that a message goes to. */
  readonly nodesAMessage: number
  /** Of them, those that had nobody for it. */
  readonly inVain: number
  /** Keys that Redis reads or writes in a second, for each node. */
  readonly registryKeysANode: number
}

type Count = { addressed: number; keysRead: number; keysGathered: number }

function counting(registry: InterestRegistry, count: Count): InterestRegistry {
  return {
    ...registry,
    find(topics) {
      count.keysRead += topics.length
      return registry.find(topics)
    },
    gather(topic, parts) {
      count.keysGathered += parts.length + 1
      return registry.gather(topic, parts)
    },
  }
}

const CONVERSATIONS = 1500
const MESSAGES_EACH = 4
const SETTLED_MS = 6000

/**
 * Sends through the real router between `nodes` nodes and counts. People are few, because what a message costs depends
 * on how its members are spread and not on how many others a node has; the rates are worked out for all of them.
 */
export async function measureCost(nodes: number, seed: number): Promise<Cost> {
  const random = randomFrom(seed)
  const count: Count = { addressed: 0, keysRead: 0, keysGathered: 0 }
  const world = createSimWorld({
    nodes,
    random,
    watch: registry => counting(registry, count),
    carry: bus => ({
      ...bus,
      publish(events) {
        for (const { slots } of events) count.addressed += slots.length
        bus.publish(events)
      },
    }),
  })
  await world.settle()
  await world.clock.advance(SETTLED_MS, world.settle)
  let wanted = 0
  for (let made = 0; made < CONVERSATIONS; made++) {
    const conversation = pickConversation(random)
    world.found(conversation.id, conversation.members)
    const placed: SimNode[] = []
    for (const deviceId of conversation.online) {
      const node = random.pick(world.nodes)
      await node.connect(deviceId, newAccount())
      placed.push(node)
    }
    const [from] = placed
    const [sender] = conversation.online
    if (from === undefined || sender === undefined) continue
    for (let sent = 0; sent < MESSAGES_EACH; sent++) {
      world.send(conversation.id, sender, from)
      await world.settle()
      wanted += new Set(placed).size - 1
    }
  }
  const messages = CONVERSATIONS * MESSAGES_EACH
  const { connectionsANode, messagesASecondEach, hintsAMessage, conversationsEach, connectedForSeconds } =
    ASSUMED
  const rate = connectionsANode * messagesASecondEach * (1 + hintsAMessage)
  const nodesAMessage = count.addressed / messages
  // A device, an account and its conversations when somebody comes; two of them again when they go.
  const keysAnArrival = 2 + conversationsEach + 2
  return {
    nodes,
    eventsANode: rate * nodesAMessage,
    eventsIfAllReadAll: rate * (nodes - 1),
    nodesAMessage,
    inVain: count.addressed === 0 ? 0 : (count.addressed - wanted) / count.addressed,
    registryKeysANode:
      nodes === 1
        ? 0
        : rate * (count.keysRead / messages) +
          connectionsANode * messagesASecondEach * (count.keysGathered / messages) +
          (connectionsANode / connectedForSeconds) * keysAnArrival,
  }
}
