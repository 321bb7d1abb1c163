import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { HttpAnswer, HttpRequest } from '@entangle/client/ports'
import { createServer, type Overrides, parseConfig, type Server } from '@entangle/server'
import type { FakeClock } from './fake-clock.ts'
import { openServerSocket, type ServerSocket, type ServerSocketEvents } from './server-socket.ts'

type Databases = Server['contextForTesting']['databases']
type Pool = Databases['chatPool']

function createIdleWatch(pools: readonly Pool[]) {
  const isIdle = () => pools.every(pool => pool.idleCount === pool.totalCount && pool.waitingCount === 0)
  let wake: () => void = () => undefined
  for (const pool of pools) pool.on('release', () => wake())
  const turn = () => new Promise<void>(resolve => setImmediate(resolve))
  return async () => {
    // A frame is read in one turn, queued in another and written in a third: a pause between them is no end.
    for (let quiet = 0; quiet < QUIET_TURNS; quiet++) {
      await turn()
      if (isIdle()) continue
      quiet = 0
      await new Promise<void>(resolve => {
        wake = resolve
      })
    }
  }
}

const QUIET_TURNS = 4

export type Cookies = Map<string, string>
export type Answer = HttpAnswer & {
  /** Taken into the jar when the answer arrives; empty when it ends, undefined when it stays. */
  readonly refreshToken: string | undefined
}

const REFRESH = 'refresh'

export function takeCookies(jar: Cookies, { refreshToken }: Answer): void {
  if (refreshToken === '') jar.delete(REFRESH)
  else if (refreshToken !== undefined) jar.set(REFRESH, refreshToken)
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

/** The real server in this process: its operations and its sockets, without HTTP and a network. */
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
  const context = server.contextForTesting
  const { app, call, databases } = context
  await app.ready()
  const { usersPool, chatPool, ingestPool } = databases
  const settled = createIdleWatch([usersPool, chatPool, ingestPool])

  return {
    databases,
    settled,
    forget() {
      cache.forget()
      context.forget()
    },
    async exchange(request: HttpRequest, cookies: Cookies): Promise<Answer> {
      const answer = await call({ ...request, refreshToken: cookies.get(REFRESH) })
      await settled()
      return answer
    },
    openSocket: (ticket: string, events: ServerSocketEvents): ServerSocket =>
      openServerSocket(app.server, ticket, events),
    async close() {
      await server.close()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}
