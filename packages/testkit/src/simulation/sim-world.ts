import { randomBytes } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import type { ConversationId, DeviceId, MessageId } from '@entangle/protocol'
import {
  type ChatEvent,
  createInMemoryEventBus,
  createInMemoryInterestRegistry,
  deliveryOf,
  deviceTopic,
  type EventBus,
  type InterestRegistry,
} from '@entangle/server/routing'
import type { SeededRandom } from '../harness/seeded-random.ts'
import { createSimClock } from './sim-clock.ts'
import { createSimNode, type SimConnection, type SimDatabase, type SimNode } from './sim-node.ts'
import { createSlowRegistry } from './slow-registry.ts'

type Conversation = { epoch: number; head: number; readonly members: Set<DeviceId> }

type Options = {
  readonly nodes: number
  readonly random: SeededRandom
  /** Turns of the event loop that a question to the registry takes at most, each way. */
  readonly registryTurns?: number
  /** What goes over the bus passes through it; what it does not answer with is lost. */
  readonly carry?: (bus: EventBus<ChatEvent>) => EventBus<ChatEvent>
  readonly onShown?: (connection: SimConnection, id: ConversationId, seq: number) => void
  readonly watch?: (registry: InterestRegistry) => InterestRegistry
}

const BODY = new Uint8Array(1)
const MESSAGE_ID = randomBytes(16).toString('base64url') as MessageId

function breakable(registry: InterestRegistry, isBroken: () => boolean): InterestRegistry {
  const unless = <T>(question: () => Promise<T>): Promise<T> =>
    isBroken() ? Promise.reject(new Error('the registry is away')) : question()
  return {
    announce: (node, firm, gathered) => unless(() => registry.announce(node, firm, gathered)),
    withdraw: (node, firm) => unless(() => registry.withdraw(node, firm)),
    find: topics => unless(() => registry.find(topics)),
    gather: (topic, parts) => unless(() => registry.gather(topic, parts)),
    mark: () => unless(() => registry.mark()),
  }
}

/** Many chat nodes in one process, over one log: the real router, a bus and a registry in memory. */
export function createSimWorld({ nodes: count, random, registryTurns = 0, carry, watch, onShown }: Options) {
  const clock = createSimClock()
  const inMemory = createInMemoryInterestRegistry(clock)
  let isBroken = false
  const shared = breakable(watch?.(inMemory) ?? inMemory, () => isBroken)
  const slow = Array.from({ length: count }, () => createSlowRegistry(shared, random, registryTurns))
  const memoryBus = createInMemoryEventBus<ChatEvent>()
  const bus = carry?.(memoryBus) ?? memoryBus
  const conversations = new Map<ConversationId, Conversation>()
  const conversationsOf = new Map<DeviceId, Set<ConversationId>>()
  const hearsAll = new Set<string>()
  const slots = Array.from({ length: count }, (_, slot) => String(slot))
  const alive = { slots, slotOf: new Map(slots.map(slot => [`${slot}.1`, slot])) }

  const known = (id: ConversationId): Conversation => {
    const conversation = conversations.get(id)
    if (conversation === undefined) throw new RangeError('no such conversation')
    return conversation
  }
  const database: SimDatabase = {
    // As it is at this moment.
    scopeOf(id) {
      const conversation = conversations.get(id)
      return conversation && { epoch: conversation.epoch, members: [...conversation.members] }
    },
    headOf: id => known(id).head,
    membershipsOf: deviceId =>
      new Map([...(conversationsOf.get(deviceId) ?? [])].map(id => [id, known(id).epoch])),
  }

  const nodes: SimNode[] = []
  for (let slot = 0; slot < count; slot++) {
    nodes.push(
      createSimNode({
        slot,
        bus,
        registry: registryTurns === 0 ? shared : (slow[slot] ?? shared),
        nodes: () => ({ ...alive, hearingAll: [...hearsAll] }),
        setHearsAll: (at, wanted) => (wanted ? hearsAll.add(String(at)) : hearsAll.delete(String(at))),
        onShown,
        database,
        clock,
      }),
    )
  }

  async function settle(): Promise<void> {
    do for (let turns = 0; turns < 3; turns++) await turn()
    while (slow.some(registry => registry.pending() > 0))
  }

  function join(id: ConversationId, deviceId: DeviceId): void {
    known(id).members.add(deviceId)
    conversationsOf.set(deviceId, (conversationsOf.get(deviceId) ?? new Set()).add(id))
  }

  const eventOf = (id: ConversationId, kind: 'application' | 'commit', senderDevice: DeviceId) => {
    const { epoch, head } = known(id)
    const at = { messageId: MESSAGE_ID, seq: head, epoch, serverTime: clock.now() }
    return deliveryOf({ kind, conversationId: id, senderDevice, body: BODY, ...at })
  }

  return {
    nodes,
    clock,
    settle,
    /** As if Redis had been started anew, with nothing in it. */
    loseInterest: () => inMemory.forgetAll(),
    /** Whether the registry knows where this device is. */
    async isAnnounced(deviceId: DeviceId): Promise<boolean> {
      const { nodes: found } = await inMemory.find([deviceTopic(deviceId)])
      return found[0] !== undefined
    },
    /** As if Redis were away. */
    breakRegistry(broken: boolean): void {
      isBroken = broken
    },
    found(id: ConversationId, members: readonly DeviceId[]): void {
      conversations.set(id, { epoch: 0, head: 0, members: new Set() })
      for (const deviceId of members) join(id, deviceId)
    },
    /** Stores and publishes a message; answers with its place. */
    send(id: ConversationId, senderDevice: DeviceId, through: SimNode): number {
      const conversation = known(id)
      conversation.head += 1
      through.router.publish([eventOf(id, 'application', senderDevice)])
      return conversation.head
    },
    /** A commit that lets one in, or puts one out. */
    change(id: ConversationId, change: 'joined' | 'left', deviceId: DeviceId, through: SimNode): void {
      const conversation = known(id)
      conversation.head += 1
      const commit = eventOf(id, 'commit', deviceId)
      conversation.epoch += 1
      if (change === 'joined') join(id, deviceId)
      else {
        conversation.members.delete(deviceId)
        conversationsOf.get(deviceId)?.delete(id)
      }
      through.router.publish([commit, { kind: change, conversationId: id, deviceIds: [deviceId] }])
    },
    headOf: (id: ConversationId) => known(id).head,
    membersOf: (id: ConversationId): ReadonlySet<DeviceId> => known(id).members,
  }
}
export type SimWorld = ReturnType<typeof createSimWorld>
