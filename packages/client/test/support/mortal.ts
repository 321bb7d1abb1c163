import { randomBytes } from 'node:crypto'
import { parseSend, type SendFrame } from '@entangle/protocol'
import { createCheapPasswordProtocol } from '@entangle/testkit/harness'
import type { Timing } from '../../src/account/timing.ts'
import {
  createMemoryKeyValueStore,
  createMemoryMedium,
  type MemoryMedium,
} from '../../src/adapters/memory/index.ts'
import { loadNodeCrypto } from '../../src/adapters/node/index.ts'
import { createNodeTransport } from '../../src/adapters/node/node-transport.ts'
import { systemClock } from '../../src/adapters/node/system-clock.ts'
import type { EngineConnection } from '../../src/api/engine-api.ts'
import { startEngine } from '../../src/engine.ts'
import type { KeyValueStore } from '../../src/ports/key-value-store.ts'
import { NetworkError, type Transport } from '../../src/ports/transport.ts'
import { connectionOf, type EngineSubscriber } from '../../src/rpc/subscriber.ts'

/** What stays of a device when its engine dies: the store, its key, the cookies, and what was seen on the wire. */
export type Device = {
  medium: MemoryMedium
  readonly key: Uint8Array
  cookies: Map<string, string>
  readonly sent: SendFrame[]
  readonly notes: string[]
}

export const newDevice = (): Device => ({
  medium: createMemoryMedium(),
  key: new Uint8Array(randomBytes(32)),
  cookies: new Map(),
  sent: [],
  notes: [],
})

const memoryJar = (cookies: Map<string, string>) => ({
  header: () => (cookies.size === 0 ? undefined : [...cookies].map(pair => pair.join('=')).join('; ')),
  async take(lines: readonly string[]) {
    for (const line of lines) {
      const [name = '', value = ''] = (line.split(';')[0] ?? '').split(/=(.*)/s)
      if (value === '') cookies.delete(name)
      else cookies.set(name, value)
    }
  },
})

/** Kills everything at the n-th operation that leaves the engine, before or after its effect. */
export function createMortality(fatal: number) {
  let count = 0
  let dead = false
  const death = () => new NetworkError('dead')

  const live = async <T>(effect: () => Promise<T>): Promise<T> => {
    if (dead) throw death()
    if (count++ === fatal) {
      dead = true
      throw death()
    }
    const result = await effect()
    if (dead) throw death()
    if (count++ === fatal) {
      dead = true
      throw death()
    }
    return result
  }

  return {
    live,
    /** For sends, which nobody awaits. */
    liveNow(effect: () => void): void {
      if (dead) return
      if (count++ === fatal) {
        dead = true
        return
      }
      effect()
      if (count++ === fatal) dead = true
    },
    isDead: () => dead,
    die(): void {
      dead = true
    },
    count: () => count,
  }
}
export type Mortality = ReturnType<typeof createMortality>

function mortalStore(store: KeyValueStore, mortality: Mortality): KeyValueStore {
  return {
    get: key => mortality.live(() => store.get(key)),
    getMany: keys => mortality.live(() => store.getMany(keys)),
    scan: (range, options) => mortality.live(() => store.scan(range, options)),
    write: (batch, guard) => mortality.live(() => store.write(batch, guard)),
    acquireFence: () => mortality.live(() => store.acquireFence()),
    close: () => store.close(),
  }
}

function mortalTransport(transport: Transport, mortality: Mortality, device: Device): Transport {
  return {
    origin: transport.origin,
    exchange: request => mortality.live(() => transport.exchange(request)),
    openSocket: (ticket, events) => {
      const socket = transport.openSocket(ticket, {
        opened: () => mortality.liveNow(events.opened),
        received: frame => mortality.liveNow(() => events.received(frame)),
        closed: events.closed,
      })
      return {
        send: frame => {
          const send = parseSend(frame)
          // Also what the network loses at the moment of death has been seen by it.
          if (send !== undefined && !mortality.isDead())
            device.sent.push({ ...send, body: send.body.slice() })
          mortality.liveNow(() => socket.send(frame))
        },
        close: socket.close,
      }
    },
  }
}

export type Mortal = EngineConnection & {
  readonly subscriber: EngineSubscriber
  readonly mortality: Mortality
  /** Ends what is left of it. */
  readonly bury: () => Promise<void>
}

export const FAST: Partial<Timing> = {
  backoff: { base: 20, most: 200 },
  receiptDelay: 20,
  selfUpdate: { min: 50, max: 150 },
  keyPackages: { pool: 15, refillBelow: 5 },
}

/** An engine over a device that survives it. */
export async function startMortal(input: {
  readonly serverUrl: string
  readonly device: Device
  readonly fatal?: number
  readonly timing?: Partial<Timing>
  readonly wrap?: (transport: Transport) => Transport
}): Promise<Mortal> {
  const { serverUrl, device } = input
  const mortality = createMortality(input.fatal ?? Number.POSITIVE_INFINITY)
  const plain = createNodeTransport(serverUrl, memoryJar(device.cookies))
  const engine = await startEngine({
    store: mortalStore(createMemoryKeyValueStore(device.medium), mortality),
    keyVault: { storeKey: async () => device.key },
    crypto: await loadNodeCrypto(),
    clock: systemClock,
    transport: mortalTransport(input.wrap?.(plain) ?? plain, mortality, device),
    passwords: createCheapPasswordProtocol(),
    timing: { ...FAST, ...input.timing },
    diagnostics: {
      note: (code, detail) => {
        if (!mortality.isDead())
          device.notes.push(`${code} ${detail instanceof Error ? detail.stack : String(detail)}`)
      },
    },
  })
  const subscriber = engine.subscribe()
  return {
    ...connectionOf(subscriber, () => randomBytes(16).toString('hex')),
    subscriber,
    mortality,
    bury: async () => {
      mortality.die()
      await engine.stop().catch(() => undefined)
    },
  }
}
