import type { Verifier } from '@entangle/crypto/verify'
import { createAccountStateService } from '../chat/account-state-service.ts'
import { createArchiveService } from '../chat/archive-service.ts'
import { createChatService } from '../chat/chat-service.ts'
import { createCommitService } from '../chat/commit-service.ts'
import { createConversationMemory } from '../chat/conversation-memory.ts'
import { createConversationService } from '../chat/conversation-service.ts'
import { createChatHandlers } from '../chat/handlers.ts'
import { createInviteService } from '../chat/invite-service.ts'
import { createLeaveService } from '../chat/leave-service.ts'
import { createLetterService } from '../chat/letter-service.ts'
import { createLogPages } from '../chat/log-pages.ts'
import { createLogReader } from '../chat/log-reader.ts'
import { createLogService } from '../chat/log-service.ts'
import { createLogTail } from '../chat/log-tail.ts'
import type { Router } from '../chat/routing/router.ts'
import { createTickets } from '../chat/tickets.ts'
import { createVerifiedPublicGroups } from '../chat/verified-public-groups.ts'
import type { ServerConfig } from '../config.ts'
import type { Databases } from '../database/databases.ts'
import type { Log } from '../logging.ts'
import type { ServerMetrics } from '../metrics/server-metrics.ts'
import type { Cache } from '../ports/cache.ts'
import type { Clock } from '../ports/clock.ts'
import type { KeyDirectory } from '../ports/key-directory.ts'
import type { SharedTail } from '../ports/shared-tail.ts'

type Parts = {
  readonly config: ServerConfig
  readonly databases: Pick<Databases, 'chat' | 'chatErase' | 'chatReplicas' | 'chatPool' | 'ingestPool'>
  readonly cache: Cache
  readonly sharedTail: SharedTail | undefined
  readonly verifier: Verifier
  readonly router: Router
  readonly directory: KeyDirectory
  readonly clock: Clock
  readonly log: Log
  readonly metrics: ServerMetrics
}

/** The chat service: the MLS delivery service (RFC 9750). */
export function composeChat(parts: Parts) {
  const { config, databases, cache, sharedTail, verifier, router, directory, clock, log, metrics } = parts
  const { chat: database, chatPool: pool, ingestPool } = databases
  const groups = createVerifiedPublicGroups(verifier)
  const tail = createLogTail()
  const memory = createConversationMemory()
  const tickets = createTickets(cache)
  const pages = createLogPages({ primary: database, replicas: databases.chatReplicas, clock, log })
  const logService = createLogService(
    database,
    createLogReader({ tail, shared: sharedTail, pages, database }),
  )
  const { archiveQuotaBytes: quotaBytes, accountStateEntries: entriesLimit } = config
  return {
    tickets,
    service: createChatService({
      database,
      eraseDatabase: databases.chatErase,
      pool,
      ingestPool,
      logService,
      tail,
      memory,
      router,
      clock,
      log,
      metrics,
    }),
    handlers: createChatHandlers({
      tickets,
      logService,
      conversations: createConversationService({ database, directory, groups, router }),
      commits: createCommitService({ database, directory, groups, router, clock }),
      leaving: createLeaveService({ database, groups, router, clock }),
      invites: createInviteService(database),
      archive: createArchiveService({ database, quotaBytes }),
      letters: createLetterService({ database, directory, router }),
      accountState: createAccountStateService({ database, router, clock, entriesLimit }),
    }),
    /** What is held in memory of the database. */
    forget(): void {
      tail.forgetAll()
      memory.forgetAll()
    },
  }
}
