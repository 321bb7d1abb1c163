import type { AccountId, ConversationId, DeviceId } from '@entangle/protocol'
import {
  accountTopic,
  type ChatEvent,
  conversationTopic,
  createInterest,
  createLog,
  createRouter,
  deviceTopic,
  type EventBus,
  type InterestRegistry,
  type Nodes,
  type Router,
  type Scope,
} from '@entangle/server/routing'
import type { SimClock } from './sim-clock.ts'

/** A socket, and the client behind it as far as it counts what it is shown. */
export type SimConnection = {
  readonly deviceId: DeviceId
  readonly accountId: AccountId
  /** The heads when it came, of the conversations it listens to. */
  readonly from: Map<ConversationId, number>
  readonly seen: Map<ConversationId, Set<number>>
  isOpen: boolean
}

/** The log as all nodes see it. */
export type SimDatabase = {
  scopeOf(conversationId: ConversationId): Scope | undefined
  headOf(conversationId: ConversationId): number
  /** Its conversations, each with its epoch. */
  membershipsOf(deviceId: DeviceId): ReadonlyMap<ConversationId, number>
}

export type SimNode = {
  readonly router: Router
  /** In the registry. */
  readonly name: string
  connect(deviceId: DeviceId, accountId: AccountId): Promise<SimConnection>
  disconnect(connection: SimConnection): void
  readonly connections: ReadonlySet<SimConnection>
  /** Events of the log that came here, from others and from itself. */
  heard(): number
}

type Parts = {
  readonly slot: number
  readonly bus: EventBus<ChatEvent>
  readonly registry: InterestRegistry
  readonly nodes: () => Nodes
  readonly setHearsAll: (slot: number, hearsAll: boolean) => void
  /** A client was shown an event of the log. */
  readonly onShown?: ((connection: SimConnection, id: ConversationId, seq: number) => void) | undefined
  readonly database: SimDatabase
  readonly clock: SimClock
}

const log = createLog('silent')

/** A chat node without sockets: the real router, and people of whom only their numbers are kept. */
export function createSimNode(parts: Parts): SimNode {
  const { slot, bus, registry, database, clock } = parts
  const name = `${String(slot)}.1`
  const connections = new Set<SimConnection>()
  const ofDevice = new Map<DeviceId, SimConnection>()
  const listening = new Map<ConversationId, Set<SimConnection>>()
  let heard = 0

  function subscribe(connection: SimConnection, conversationId: ConversationId, head: number): void {
    connection.from.set(conversationId, head)
    connection.seen.set(conversationId, connection.seen.get(conversationId) ?? new Set())
    listening.set(conversationId, (listening.get(conversationId) ?? new Set()).add(connection))
  }

  function unsubscribe(connection: SimConnection, conversationId: ConversationId): void {
    connection.from.delete(conversationId)
    listening.get(conversationId)?.delete(connection)
  }

  function handle(event: ChatEvent): void {
    if (event.kind === 'deliver') heard += 1
    if (event.kind === 'deliver')
      for (const connection of listening.get(event.conversationId) ?? []) {
        connection.seen.get(event.conversationId)?.add(event.event.seq)
        parts.onShown?.(connection, event.conversationId, event.event.seq)
      }
    if (event.kind !== 'joined' && event.kind !== 'left') return
    for (const deviceId of event.deviceIds) {
      const connection = ofDevice.get(deviceId)
      if (connection === undefined) continue
      if (event.kind === 'left') unsubscribe(connection, event.conversationId)
      else if (!connection.from.has(event.conversationId))
        subscribe(connection, event.conversationId, database.headOf(event.conversationId))
    }
  }

  const router = createRouter({
    bus,
    log,
    gatherMs: 0,
    slots: { own: () => String(slot), nodes: parts.nodes, onMoved: () => undefined },
    openInterest: ({ held, missed }) =>
      createInterest({
        registry,
        node: () => name,
        held,
        missed,
        setHearsAll: hearsAll => parts.setHearsAll(slot, hearsAll),
        clock,
        log,
      }),
  })
  router.attach({
    handle: events => events.forEach(handle),
    // They ask for the heads by themselves.
    missed: () => undefined,
    held: () =>
      [...connections].flatMap(({ deviceId, accountId }) => [deviceTopic(deviceId), accountTopic(accountId)]),
    scopesOf: async conversationIds =>
      new Map(
        conversationIds.flatMap(id => {
          const scope = database.scopeOf(id)
          return scope === undefined ? [] : [[id, scope]]
        }),
      ),
  })

  const node: SimNode = {
    router,
    name,
    connections,
    heard: () => heard,
    async connect(deviceId, accountId) {
      const connection = { deviceId, accountId, from: new Map(), seen: new Map(), isOpen: true }
      connections.add(connection)
      ofDevice.set(deviceId, connection)
      // As the greeting of a socket does it.
      await router.listen([deviceTopic(deviceId), accountTopic(accountId)], [])
      const memberships = database.membershipsOf(deviceId)
      await router.listen(
        [],
        [...memberships].map(([id, epoch]) => conversationTopic(id, epoch)),
      )
      if (!connection.isOpen) return connection
      for (const conversationId of memberships.keys())
        if (!connection.from.has(conversationId))
          subscribe(connection, conversationId, database.headOf(conversationId))
      return connection
    },
    disconnect(connection) {
      connection.isOpen = false
      connections.delete(connection)
      for (const conversationId of [...connection.from.keys()]) unsubscribe(connection, conversationId)
      if (ofDevice.get(connection.deviceId) === connection) ofDevice.delete(connection.deviceId)
      router.leave([deviceTopic(connection.deviceId), accountTopic(connection.accountId)])
    },
  }
  return node
}
