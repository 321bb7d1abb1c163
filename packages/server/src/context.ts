import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { loadVerifier } from '@entangle/crypto/verify'
import { ProtocolError } from '@entangle/protocol'
import type { FastifyInstance } from 'fastify'
import { createAccessTokens } from './auth/access-tokens.ts'
import { createAccountService } from './auth/account-service.ts'
import { createDeviceService } from './auth/device-service.ts'
import { createGrants } from './auth/grants.ts'
import { createLoginService } from './auth/login-service.ts'
import { createOpaqueServer, createOpaqueSetup } from './auth/opaque-server.ts'
import { createPasswordProofs } from './auth/password-proofs.ts'
import { createRecoveryService } from './auth/recovery-service.ts'
import { createRegistrationService } from './auth/registration-service.ts'
import { createResetService } from './auth/reset-service.ts'
import { createSessionService } from './auth/session-service.ts'
import { type Backbone, openCache, openRouter } from './backbone.ts'
import { createAccountStateService } from './chat/account-state-service.ts'
import { createArchiveService } from './chat/archive-service.ts'
import { type ChatService, createChatService } from './chat/chat-service.ts'
import { createCommitService } from './chat/commit-service.ts'
import { createConversationMemory } from './chat/conversation-memory.ts'
import { createConversationService } from './chat/conversation-service.ts'
import { createInviteService } from './chat/invite-service.ts'
import { createLeaveService } from './chat/leave-service.ts'
import { createLetterService } from './chat/letter-service.ts'
import { createLogService } from './chat/log-service.ts'
import { createLogTail } from './chat/log-tail.ts'
import type { Router } from './chat/routing/router.ts'
import { createTickets } from './chat/tickets.ts'
import { createVerifiedPublicGroups } from './chat/verified-public-groups.ts'
import type { ServerConfig } from './config.ts'
import { type Databases, openDatabases } from './database/databases.ts'
import { createHandlers } from './handlers.ts'
import { createDirectCalls, type DirectCalls } from './http/direct-calls.ts'
import { createHttpServer } from './http/http-server.ts'
import { createOrigins } from './http/origins.ts'
import { createRateLimits } from './http/rate-limits.ts'
import { createFileKeyEnvelope } from './keys/envelope.ts'
import { createKeyPackageService } from './keys/key-package-service.ts'
import { createLocalKeyDirectory } from './keys/local-key-directory.ts'
import { openSigningKeys } from './keys/signing-keys.ts'
import { createVerifiedKeyMaterial } from './keys/verified-key-material.ts'
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
  /** What the app answers, without HTTP. */
  readonly call: DirectCalls
  readonly chat: ChatService
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

/** The composition root: the one place that says which adapter stands behind which port. */
export async function createContext(config: ServerConfig, overrides: Overrides): Promise<Context> {
  const clock = { ...systemClock, ...overrides.clock }
  const log = overrides.log ?? createLog(config.logLevel)
  const databases = await openDatabases({
    dataDir: config.dataDir,
    userDatabaseUrl: config.userDatabaseUrl,
    chatDatabaseUrl: config.chatDatabaseUrl,
    poolSize: config.databasePoolSize,
    onEmbeddedEvent: event => (event === 'died' ? log.error('postgres died') : log.info(`postgres ${event}`)),
  })
  const open: Pick<Backbone<unknown>, 'close'>[] = [databases]
  const closeAll = async () => {
    for (const part of open.toReversed()) await part.close()
  }
  try {
    const cache = await openCache(config, { clock, log })
    open.push(cache)
    const router = await openRouter(config, databases, { clock, log })
    open.push(router)
    const parts = { clock, log, cache: overrides.cache ?? cache.part, router: router.part }
    return await compose(config, parts, databases, closeAll)
  } catch (error) {
    await closeAll()
    throw error
  }
}

type Parts = {
  readonly clock: Clock
  readonly log: Log
  readonly cache: Cache
  readonly router: Router
}

async function compose(
  config: ServerConfig,
  { clock, log, cache, router }: Parts,
  databases: Databases,
  closeParts: () => Promise<void>,
): Promise<Context> {
  const secrets = createFileSecretStore(join(config.dataDir, 'secrets'))
  const opaqueSetup = await createOpaqueSetup()
  const opaque = await createOpaqueServer(await secrets.readOrCreate('opaque-setup', () => opaqueSetup))
  const wrappingKey = await secrets.readOrCreate('wrapping-key', randomSecret)
  const signingKeys = await openSigningKeys(
    databases.users,
    createFileKeyEnvelope(Buffer.from(wrappingKey, 'base64url')),
  )
  const verifier = await openVerifier()
  const material = createVerifiedKeyMaterial(verifier)
  const groups = createVerifiedPublicGroups(verifier)
  const directory = createLocalKeyDirectory(databases.users)
  const limited = config.rateLimits === 'on'
  const limits = createRateLimits(cache, limited)
  const origins = createOrigins(config.publicUrl, () => listeningPort(app) ?? config.port)

  const measured = { log, slowMs: config.slowLogMs }
  const metrics = createServerMetrics(measured)
  const endpoint = createMetricsEndpoint(metrics.registry, config.metricsListen)
  const { usersPool, chatPool, ingestPool } = databases
  watchPools(metrics.registry, { users: usersPool, chat: chatPool, ingest: ingestPool })
  const stopWatching = watchProcess(metrics.registry, measured)
  const tail = createLogTail()
  const memory = createConversationMemory()
  const logService = createLogService(databases.chat, tail)
  const chat = createChatService({
    database: databases.chat,
    pool: databases.chatPool,
    ingestPool: databases.ingestPool,
    logService,
    tail,
    memory,
    router,
    clock,
    log,
    metrics,
  })
  const tickets = createTickets(cache)
  const database = databases.users
  const tokens = createAccessTokens(signingKeys, () => origins.primary, clock)
  const sessions = createSessionService({ database, tokens, chat: chat.accounts, clock })
  const grants = createGrants(cache, clock)
  const proofs = createPasswordProofs({ database, opaque, cache, limits })
  const accounts = createAccountService({ database, opaque, proofs, grants, sessions, chat: chat.accounts })
  const reset = createResetService({
    database,
    opaque,
    material,
    sessions,
    grants,
    limits,
    chat: chat.accounts,
    clock,
  })
  const handlers = createHandlers({
    reset,
    database,
    sessions,
    proofs,
    accounts,
    tickets,
    logService,
    registration: createRegistrationService({
      database,
      opaque,
      material,
      sessions,
      clock,
      open: config.registration === 'open',
    }),
    login: createLoginService({ database, proofs, grants, material, sessions, clock }),
    recovery: createRecoveryService({ database, cache, limits, grants, material }),
    devices: createDeviceService({ database, material, grants, sessions, clock }),
    keyPackages: createKeyPackageService({ database, material, limits, clock }),
    conversations: createConversationService({ database: databases.chat, directory, groups, router }),
    commits: createCommitService({ database: databases.chat, directory, groups, router, clock }),
    leaving: createLeaveService({ database: databases.chat, groups, router, clock }),
    invites: createInviteService(databases.chat),
    archive: createArchiveService({ database: databases.chat, quotaBytes: config.archiveQuotaBytes }),
    letters: createLetterService({ database: databases.chat, directory, router }),
    accountState: createAccountStateService({
      database: databases.chat,
      router,
      clock,
      entriesLimit: config.accountStateEntries,
    }),
  })

  let draining = false
  const app: FastifyInstance = await createHttpServer({
    config,
    log,
    origins,
    handlers,
    sessions,
    limits,
    metrics,
    publicKeys: async () => signingKeys.jwks(),
    checkReady: async () => {
      if (draining) throw new ProtocolError('SERVER_UNAVAILABLE')
      await databases.ping().catch(cause => {
        throw new ProtocolError('SERVER_UNAVAILABLE', {}, { cause })
      })
    },
  })
  chat.accept(app.server, { sessions, tickets, origins, limited })
  await accounts.announceDeletions()
  await reset.announceResets()

  return {
    app,
    call: createDirectCalls({ handlers, sessions, limits, log }),
    chat,
    databases,
    log,
    metrics: endpoint,
    forget() {
      tail.forgetAll()
      memory.forgetAll()
    },
    async drain() {
      draining = true
      await chat.drain()
    },
    async close() {
      await app.close()
      await endpoint.close()
      stopWatching()
      await chat.stop()
      await closeParts()
    },
  }
}

function listeningPort(app: FastifyInstance): number | undefined {
  const address = app.server.address()
  return address === null || typeof address === 'string' ? undefined : address.port
}
