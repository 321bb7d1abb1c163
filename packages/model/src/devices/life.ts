import {
  type ChatId,
  connectionOf,
  type Engine,
  type EngineConnection,
  type EngineEvents,
  startEngine,
  type Timing,
} from '@entangle/client'
import {
  copyMedium,
  createMemoryKeyValueStore,
  createMemoryMedium,
  type MemoryMedium,
} from '@entangle/client/memory'
import type { KeyValueStore, PasswordProtocol } from '@entangle/client/ports'
import type { Crypto, DeviceState } from '@entangle/crypto'
import { createLine, type Line } from '../network/line.ts'
import type { FakeClock } from '../server/fake-clock.ts'
import type { Cookies, ModelServer } from '../server/model-server.ts'
import { createMortality, type Mortality } from './mortality.ts'

/** What stays of a device when its engine dies. */
export type Body = { readonly medium: MemoryMedium; readonly cookies: Cookies; readonly key: Uint8Array }

export const newBody = (key: Uint8Array): Body => ({ medium: createMemoryMedium(), cookies: new Map(), key })

export const copyBody = ({ medium, cookies, key }: Body): Body => ({
  medium: copyMedium(medium),
  cookies: new Map(cookies),
  key,
})

export type World = {
  readonly server: ModelServer
  readonly clock: FakeClock
  readonly crypto: Crypto
  readonly passwords: PasswordProtocol
  readonly random: () => number
  readonly timing: Partial<Timing>
  /** From the preparation of the stage to the beginning. */
  readonly laterMs: number
}

export type Life = EngineConnection & {
  readonly mortality: Mortality
  readonly line: Line
  readonly session: () => EngineEvents['session']
  readonly connection: () => EngineEvents['connection'] | undefined
  readonly chats: () => EngineEvents['chats']
  readonly knows: (chatId: ChatId) => boolean
  readonly bury: () => Promise<void>
  readonly ask: (name: 'sendText', input: { chatId: ChatId; text: string }, id: string) => Promise<unknown>
}

function mortalStore(store: KeyValueStore, { live }: Mortality): KeyValueStore {
  return {
    get: key => live(() => store.get(key)),
    getMany: keys => live(() => store.getMany(keys)),
    scan: (range, options) => live(() => store.scan(range, options)),
    write: (batch, guard) => live(() => store.write(batch, guard)),
    acquireFence: () => live(() => store.acquireFence()),
    close: () => store.close(),
  }
}

/** Remembers what is open, so that a death leaves nothing in the memory of the WebAssembly. */
function watchedCrypto(crypto: Crypto, open: Set<DeviceState>): Crypto {
  return {
    ...crypto,
    openDeviceState(entries) {
      const state = crypto.openDeviceState(entries)
      open.add(state)
      const close = state.close.bind(state)
      return Object.assign(state, {
        close: () => {
          if (open.delete(state)) close()
        },
      })
    },
  }
}

export async function startLife(
  world: World,
  body: Body,
  watch: {
    readonly note: (code: string, detail: unknown) => void
    readonly sent: (frame: Uint8Array) => void
    readonly isOnline: boolean
    readonly dieIn?: number
  },
): Promise<Life | undefined> {
  const { clock } = world
  const timers = new Set<() => void>()
  const states = new Set<DeviceState>()
  let engine: Engine | undefined
  const line = createLine({
    server: world.server,
    clock,
    cookies: body.cookies,
    isOnline: watch.isOnline,
    sent: watch.sent,
  })
  const mortality = createMortality(() => {
    for (const cancel of timers) cancel()
    line.abandon()
  })
  if (watch.dieIn !== undefined) mortality.dieIn(watch.dieIn)
  const bury = async () => {
    mortality.die()
    await engine?.stop().catch(() => undefined)
    for (const state of [...states]) state.close()
  }
  try {
    engine = await startEngine({
      store: mortalStore(createMemoryKeyValueStore(body.medium), mortality),
      keyVault: { storeKey: async () => body.key },
      crypto: watchedCrypto(world.crypto, states),
      clock: {
        now: clock.now,
        random: world.random,
        after(delayMs, action) {
          if (mortality.isDead()) return () => undefined
          const cancel = clock.after(delayMs, () => {
            timers.delete(cancel)
            action()
          })
          timers.add(cancel)
          return () => {
            timers.delete(cancel)
            cancel()
          }
        },
      },
      transport: {
        origin: 'https://entangle.example',
        exchange: request => mortality.live(() => line.exchange(request)),
        openSocket: (ticket, events) => {
          const socket = line.openSocket(ticket, {
            opened: () => mortality.liveNow(events.opened),
            received: frame => mortality.liveNow(() => events.received(frame)),
            closed: code => {
              if (!mortality.isDead()) events.closed(code)
            },
          })
          return { send: frame => mortality.liveNow(() => socket.send(frame)), close: socket.close }
        },
      },
      network: line.watch,
      passwords: world.passwords,
      timing: world.timing,
      diagnostics: {
        note: (code, detail) => {
          if (!mortality.isDead()) watch.note(code, detail)
        },
      },
    })
  } catch (error) {
    if (!mortality.isDead()) throw error
    await bury()
    return undefined
  }
  const subscriber = engine.subscribe()
  let session: EngineEvents['session'] = { phase: 'starting' }
  let connection: EngineEvents['connection'] | undefined
  subscriber.on('session', state => {
    session = state
  })
  let chats: EngineEvents['chats'] = []
  subscriber.on('chats', all => {
    chats = all
  })
  subscriber.on('connection', state => {
    connection = state
  })
  const createId = () =>
    Array.from({ length: 32 }, () => Math.floor(world.random() * 16).toString(16)).join('')
  return {
    ...connectionOf(subscriber, createId),
    ask: subscriber.handle,
    mortality,
    line,
    session: () => session,
    connection: () => connection,
    chats: () => chats,
    knows: chatId => chats.some(({ id }) => id === chatId),
    bury,
  }
}
