import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { HttpAnswer, HttpRequest } from '@entangle/client/ports'
import { createServer, type Overrides, parseConfig, type Server } from '@entangle/server'
import type { FakeClock } from './fake-clock.ts'
import { openServerSocket, type ServerSocket, type ServerSocketEvents } from './server-socket.ts'

const CBOR = 'application/cbor'

type Databases = Server['contextForTesting']['databases']
type Pool = Databases['chatPool']

function createIdleWatch(pools: readonly Pool[]) {
  const isIdle = () => pools.every(pool => pool.idleCount === pool.totalCount && pool.waitingCount === 0)
  let wake: () => void = () => undefined
  for (const pool of pools) pool.on('release', () => wake())
  const turn = () => new Promise<void>(resolve => setImmediate(resolve))
  return async () => {
    await turn()
    while (!isIdle()) {
      await new Promise<void>(resolve => {
        wake = resolve
      })
      await turn()
    }
  }
}

export type Cookies = Map<string, string>
export type Answer = HttpAnswer & {
  /** Taken into the jar when the answer arrives. */
  readonly cookies: readonly { readonly name: string; readonly value: string }[]
}

export function takeCookies(jar: Cookies, { cookies }: Answer): void {
  for (const { name, value } of cookies) {
    if (value === '') jar.delete(name)
    else jar.set(name, value)
  }
}

type Cache = NonNullable<Overrides['cache']>

/** What the server keeps in memory, so that the next seed does not meet it. */
function createForgetfulCache(clock: FakeClock): Cache & { readonly forget: () => void } {
  const entries = new Map<string, { readonly value: string; readonly expiresAt: number }>()
  const live = (key: string) => {
    const entry = entries.get(key)
    return entry !== undefined && entry.expiresAt > clock.now() ? entry.value : undefined
  }
  return {
    get: async key => live(key),
    async set(key, value, timeToLiveMs) {
      entries.set(key, { value, expiresAt: clock.now() + timeToLiveMs })
    },
    async take(key) {
      const value = live(key)
      entries.delete(key)
      return value
    },
    async delete(key) {
      entries.delete(key)
    },
    spend: async () => 0,
    forget: () => entries.clear(),
  }
}

export type ModelServer = {
  readonly databases: Databases
  /** Resolves when nothing of what was started is in the database any more. */
  readonly settled: () => Promise<void>
  /** What it holds in memory beside the database is gone. */
  readonly forget: () => void
  readonly exchange: (request: HttpRequest, cookies: Cookies) => Promise<Answer>
  readonly openSocket: (ticket: string, events: ServerSocketEvents) => ServerSocket
  readonly close: () => Promise<void>
}

/** The real server in this process: its operations and its sockets, without a network. */
export async function startModelServer(clock: FakeClock): Promise<ModelServer> {
  const dataDir = await mkdtemp(join(tmpdir(), 'entangle-model-'))
  const config = parseConfig({
    PORT: '0',
    DATA_DIR: dataDir,
    LOG_LEVEL: 'silent',
    RATE_LIMITS: 'off-for-benchmarks',
    REGISTRATION: 'open',
  })
  const cache = createForgetfulCache(clock)
  const server = await createServer(config, { clock, cache })
  const { app, databases } = server.contextForTesting
  await app.ready()
  const { usersPool, chatPool, ingestPool } = databases
  const settled = createIdleWatch([usersPool, chatPool, ingestPool])

  return {
    databases,
    settled,
    forget: cache.forget,
    async exchange(request: HttpRequest, cookies: Cookies): Promise<Answer> {
      const { method, target, body, accessToken } = request
      const answer = await app.inject({
        method,
        url: target,
        headers: {
          accept: CBOR,
          ...(body === undefined ? {} : { 'content-type': CBOR }),
          ...(accessToken === undefined ? {} : { authorization: `Bearer ${accessToken}` }),
          ...(cookies.size === 0 ? {} : { cookie: [...cookies].map(pair => pair.join('=')).join('; ') }),
        },
        ...(body === undefined ? {} : { payload: Buffer.from(body) }),
      })
      await settled()
      return {
        status: answer.statusCode,
        body: new Uint8Array(answer.rawPayload),
        cookies: answer.cookies,
      }
    },
    openSocket: (ticket: string, events: ServerSocketEvents): ServerSocket =>
      openServerSocket(app.server, ticket, events),
    async close() {
      await server.close()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}
