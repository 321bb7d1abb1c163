import type { ConversationId } from '@entangle/protocol'
import { describeError, type Log } from '../../logging.ts'
import type { Clock } from '../../ports/clock.ts'
import {
  ANNOUNCED_FOR_MS,
  GATHERED_FOR_MS,
  type InterestRegistry,
  type Topic,
} from '../../ports/interest-registry.ts'
import {
  type Audience,
  conversationTopic,
  deviceTopic,
  EVERYBODY,
  type Scope,
  type Scopes,
} from './audience.ts'

/** What this node's people listen to, kept in the registry; and whom others' have there, as far as that can be known. */
export type Interest = {
  announce(firm: readonly Topic[], gathered: readonly Topic[]): Promise<void>
  withdraw(firm: readonly Topic[]): void
  /** The nodes of each audience. `undefined`: nobody can say, so all of them. */
  find(
    audiences: readonly Audience[],
    scopesOf: ScopesOf,
  ): Promise<readonly (ReadonlySet<string> | undefined)[]>
  /** This node goes by another name now. */
  moved(): void
  stop(): void
}

type Answer = readonly (ReadonlySet<string> | undefined)[]
type NodesOf = ReadonlyMap<Topic, readonly string[] | undefined>

export type ScopesOf = (conversationIds: readonly ConversationId[]) => Promise<Scopes>

type Parts = {
  readonly registry: InterestRegistry
  readonly node: () => string
  /** Everything that somebody listens to here. */
  readonly held: () => Iterable<Topic>
  /** Whether others have to bring this node everything, because it cannot say what it wants. */
  readonly setHearsAll: (hearsAll: boolean) => void
  /** Something may have passed this node by. */
  readonly missed: () => void
  readonly clock: Clock
  readonly log: Log
}

const LOOK_EVERY_MS = 1000
/** Within it every node has seen that everything was lost, and has said again what it wants. */
const SETTLED_AFTER_MS = 5000
const RENEW_EVERY_MS = ANNOUNCED_FOR_MS / 3
/** Within it every other node knows that this one hears all. */
const KNOWN_AFTER_MS = 5000

export function createInterest(parts: Parts): Interest {
  const { registry, node, held, setHearsAll, missed, clock, log } = parts
  let isOver = false
  let mark: string | undefined
  let settledAt = 0
  let renewedAt = 0
  /** Others gathered topics while this node could not add itself: until those are gone it has to hear all. */
  let hearsAllUntil: number | undefined
  /** `regaining`: what is here is being announced anew, and whoever comes meanwhile announces itself. */
  let touch: 'held' | 'lost' | 'regaining' = 'held'

  function loseTouch(error: unknown): void {
    if (touch === 'held') {
      log.warn('interest not announced', describeError(error))
      setHearsAll(true)
      // What others had meanwhile and for those who do not know it yet.
      clock.after(KNOWN_AFTER_MS, missed)
    }
    touch = 'lost'
  }

  async function announceAll(): Promise<void> {
    if (touch === 'lost') touch = 'regaining'
    await registry.announce(node(), [...held()], [])
    renewedAt = clock.now()
    if (touch !== 'regaining') return
    touch = 'held'
    hearsAllUntil = clock.now() + GATHERED_FOR_MS
  }

  async function look(): Promise<void> {
    const current = await registry.mark()
    // Also where somebody has set the clock back: announcements run out by the clock of the registry.
    const isOld = Math.abs(clock.now() - renewedAt) > RENEW_EVERY_MS
    if (current !== mark || touch === 'lost' || isOld) await announceAll()
    if (current !== mark) settledAt = clock.now() + SETTLED_AFTER_MS
    mark = current
    if (hearsAllUntil === undefined || clock.now() < hearsAllUntil) return
    setHearsAll(false)
    hearsAllUntil = undefined
  }

  function keepLooking(): void {
    clock.after(LOOK_EVERY_MS, () => {
      if (isOver) return
      void look()
        .catch(loseTouch)
        .finally(() => keepLooking())
    })
  }

  const begin = async () => {
    // Nobody is here yet who could have missed anything.
    hearsAllUntil = clock.now()
    await look().catch(loseTouch)
    keepLooking()
  }
  void begin()

  const isTrusted = (told: string): boolean => told === mark && clock.now() >= settledAt

  /** The nodes of each topic, of those that have to be gathered also where nobody has done so yet. */
  async function lookUp(
    firm: readonly Topic[],
    gathered: ReadonlyMap<Topic, Scope>,
  ): Promise<NodesOf | undefined> {
    const topics = [...new Set([...gathered.keys(), ...firm])]
    const found = await registry.find(topics)
    if (!isTrusted(found.mark)) return undefined
    const nodesOf = new Map(topics.map((topic, at) => [topic, found.nodes[at]]))
    const missing = [...gathered].filter(([topic]) => nodesOf.get(topic) === undefined)
    await Promise.all(
      missing.map(async ([topic, { members }]) => {
        nodesOf.set(topic, await registry.gather(topic, Array.from(members, deviceTopic)))
      }),
    )
    return nodesOf
  }

  async function ask(audiences: readonly Audience[], scopesOf: ScopesOf): Promise<Answer> {
    const known = audiences.filter(audience => audience !== EVERYBODY)
    const scopes = await scopesOf([...new Set(known.flatMap(({ conversationId }) => conversationId ?? []))])
    const gathered = new Map([...scopes].map(([id, scope]) => [conversationTopic(id, scope.epoch), scope]))
    const nameOf = new Map([...scopes].map(([id, { epoch }]) => [id, conversationTopic(id, epoch)]))
    const nodesOf = await lookUp(
      known.flatMap(({ firm }) => firm),
      gathered,
    )
    if (nodesOf === undefined) return audiences.map(() => undefined)
    const union = (topics: readonly Topic[]) => new Set(topics.flatMap(topic => nodesOf.get(topic) ?? []))
    const ofName = new Map([...gathered.keys()].map(name => [name, union([name])]))
    return audiences.map(audience => {
      if (audience === EVERYBODY) return undefined
      const { conversationId, firm } = audience
      if (conversationId === undefined) return union(firm)
      const name = nameOf.get(conversationId)
      // Of a conversation that is not there any more nobody knows who was in it.
      if (name === undefined) return undefined
      return firm.length === 0 ? ofName.get(name) : union([name, ...firm])
    })
  }

  return {
    async announce(firm, gathered) {
      if (touch === 'lost') return
      await registry.announce(node(), firm, gathered).catch(loseTouch)
    },
    withdraw(firm) {
      // It runs out by itself.
      registry.withdraw(node(), firm).catch(() => undefined)
    },
    async find(audiences, scopesOf) {
      const everybody = audiences.map(() => undefined)
      if (touch !== 'held') return everybody
      return ask(audiences, scopesOf).catch(() => everybody)
    },
    moved() {
      loseTouch(new Error('this node reads another slot'))
    },
    stop() {
      isOver = true
    },
  }
}
