import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { loadVerifier } from '@entangle/crypto/verify'
import { ProtocolError } from '@entangle/protocol'
import type { FastifyInstance } from 'fastify'
import { openRouter, openShared } from './backbone.ts'
import type { ChatService } from './chat/chat-service.ts'
import { composeAuth } from './composition/auth-part.ts'
import { composeChat } from './composition/chat-part.ts'
import { composeKeys } from './composition/keys-part.ts'
import type { ServerConfig } from './config.ts'
import { type Databases, openDatabases } from './database/databases.ts'
import { checkDurability } from './database/durability.ts'
import { createDirectCalls, type DirectCalls } from './http/direct-calls.ts'
import { createHttpServer } from './http/http-server.ts'
import { createOrigins } from './http/origins.ts'
import { createRateLimits } from './http/rate-limits.ts'
import { createInternalClient } from './internal/internal-client.ts'
import { createInternalServer, type InternalServer } from './internal/internal-server.ts'
import {
  createInternalHandlers,
  createRemoteChatAccounts,
  createRemoteDirectory,
  createRemoteEnvelope,
  createRemoteSessions,
  createRemoteTokenKeys,
} from './internal/remote-ports.ts'
import { createLog, type Log } from './logging.ts'
import { createMetricsEndpoint, type MetricsEndpoint } from './metrics/metrics-endpoint.ts'
import { watchProcess } from './metrics/process-metrics.ts'
import { createServerMetrics, watchPools } from './metrics/server-metrics.ts'
import type { Cache } from './ports/cache.ts'
import { type Clock, systemClock } from './ports/clock.ts'
import { createFileSecretStore, randomSecret } from './secrets.ts'

/** What a test, or another deployment, may put in the place of the standard part. */
export type Overrides = {
  readonly clock?: Partial<Clock>
  readonly log?: Log
  readonly cache?: Cache
}

export type Context = {
  readonly app: FastifyInstance
  /** Where other services ask; undefined where all of them are in this process. */
  readonly internal: InternalServer | undefined
  /** What the app answers, without HTTP. */
  readonly call: DirectCalls
  readonly chat: ChatService | undefined
  readonly databases: Databases
  readonly log: Log
  readonly metrics: MetricsEndpoint
  /** What is held in memory of the databases, for who puts them back to what they were. */
  forget(): void
  /** Refuses new work and finishes what is under way. */
  drain(): Promise<void>
  close(): Promise<void>
}

async function openVerifier() {
  const wasm = createRequire(import.meta.url).resolve('@entangle/crypto/entangle.wasm')
  return loadVerifier(await readFile(wasm))
}

/** What has been opened, closed in the opposite order. */
function createClosing() {
  const open: (() => unknown)[] = []
  return {
    later(close: () => unknown): void {
      open.push(close)
    },
    async all(): Promise<void> {
      for (const close of open.splice(0).toReversed()) await close()
    },
  }
}
type Closing = ReturnType<typeof createClosing>

/** The composition root: the one place that says which adapter stands behind which port. */
export async function createContext(config: ServerConfig, overrides: Overrides): Promise<Context> {
  const closing = createClosing()
  try {
    return await compose(config, overrides, closing)
  } catch (error) {
    await closing.all()
    throw error
  }
}

async function compose(config: ServerConfig, overrides: Overrides, closing: Closing): Promise<Context> {
  const clock = { ...systemClock, ...overrides.clock }
  const log = overrides.log ?? createLog(config.logLevel)
  const runs = (service: 'auth' | 'keys' | 'chat') => config.service === 'all' || config.service === service
  const databases = await openDatabases({
    dataDir: config.dataDir,
    needs: { users: runs('auth') || runs('keys'), chat: runs('chat') },
    userDatabaseUrl: config.userDatabaseUrl,
    chatDatabaseUrl: config.chatDatabaseUrl,
    chatReplicaUrls: config.chatReplicaUrls,
    poolSize: config.databasePoolSize,
    answerWithinMs: config.databaseTimeoutMs,
    onEmbeddedEvent: event => (event === 'died' ? log.error('postgres died') : log.info(`postgres ${event}`)),
  })
  closing.later(databases.close)
  const shared = await openShared(config, { clock, log })
  closing.later(shared.close)
  const cache = overrides.cache ?? shared.part.cache

  const secrets = createFileSecretStore(join(config.dataDir, 'secrets'))
  const verifier = await openVerifier()
  const limited = config.rateLimits === 'on'
  const limits = createRateLimits(cache, limited)
  const origins = createOrigins(config.publicUrl, () => listeningPort(app) ?? config.port)
  const measured = { log, slowMs: config.slowLogMs }
  const metrics = createServerMetrics(measured)
  const endpoint = createMetricsEndpoint(metrics.registry, config.metricsListen)
  watchPools(metrics.registry, databases.pools)
  await checkDurability({
    pools: databases.external,
    required: config.requireSynchronous,
    log,
    registry: metrics.registry,
  })
  closing.later(watchProcess(metrics.registry, measured))
  closing.later(() => endpoint.close())

  const secret = config.internal && (await secrets.readOrCreate('service-secret', randomSecret))
  const client = createInternalClient({ urls: config.internal?.urls ?? {}, secret: secret ?? '', clock })

  const keys = runs('keys')
    ? await composeKeys({ database: databases.users, verifier, limits, secrets, clock, log })
    : undefined
  const directory = keys?.directory ?? createRemoteDirectory(client)
  const tokenKeys = keys?.tokenKeys ?? createRemoteTokenKeys(client, clock)

  const openChat = async () => {
    const chatParts = { config, databases, cache, verifier, directory, clock, log, metrics }
    const { registry: interest, tail: sharedTail } = shared.part
    const router = await openRouter(config, { ...chatParts, pool: databases.leasePool, interest })
    closing.later(router.close)
    return composeChat({ ...chatParts, sharedTail, router: router.part })
  }
  const chat = runs('chat') ? await openChat() : undefined

  const auth = runs('auth')
    ? await composeAuth({
        database: databases.users,
        cache,
        verifier,
        limits,
        secrets,
        clock,
        tokenKeys,
        envelope: keys?.envelopeOf('auth') ?? createRemoteEnvelope(client, 'auth'),
        log,
        chat: chat?.service.accounts ?? createRemoteChatAccounts(client, log),
        issuer: () => origins.primary,
        isOpen: config.registration === 'open',
      })
    : undefined
  const sessions = auth?.sessions ?? createRemoteSessions(client, clock)

  const handlers = { ...keys?.handlers, ...chat?.handlers, ...auth?.handlers }
  let draining = false
  const app: FastifyInstance = await createHttpServer({
    config,
    log,
    origins,
    handlers,
    sessions,
    limits,
    metrics,
    publicKeys: () => tokenKeys.jwks(),
    checkReady: async () => {
      if (draining) throw new ProtocolError('SERVER_UNAVAILABLE')
      await databases.ping().catch(cause => {
        throw new ProtocolError('SERVER_UNAVAILABLE', {}, { cause })
      })
    },
  })
  chat?.service.accept(app.server, { sessions, tickets: chat.tickets, origins, limited })
  const isAlone = config.service === 'all' && config.kafka === undefined
  if (!isAlone) chat?.service.watchEnded(sessions)

  const internal =
    config.internal === undefined || secret === undefined
      ? undefined
      : createInternalServer({
          listen: config.internal.listen,
          secret,
          clock,
          log,
          handlers: createInternalHandlers({
            sessions: auth?.sessions,
            tokenKeys: keys?.tokenKeys,
            envelopeOf: keys?.envelopeOf,
            directory: keys?.directory,
            accounts: chat?.service.accounts,
          }),
        })
  // Apart, the chat service may come later than this one: what it does not hear now it is told at the next start.
  const announcing = auth?.announce()
  if (config.service === 'all') await announcing
  else announcing?.catch(() => log.warn('chat not told of what ended before'))

  return {
    app,
    internal,
    call: createDirectCalls({ handlers, sessions, limits, log }),
    chat: chat?.service,
    databases,
    log,
    metrics: endpoint,
    forget() {
      auth?.sessions.forget()
      chat?.forget()
    },
    async drain() {
      draining = true
      await chat?.service.drain()
    },
    async close() {
      await app.close()
      await internal?.close()
      await chat?.service.stop()
      await closing.all()
    },
  }
}

function listeningPort(app: FastifyInstance): number | undefined {
  const address = app.server.address()
  return address === null || typeof address === 'string' ? undefined : address.port
}
