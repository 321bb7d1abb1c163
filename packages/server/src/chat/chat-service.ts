import type { Server } from 'node:http'
import { type AccountId, encodeAck } from '@entangle/protocol'
import { sql } from 'kysely'
import type pg from 'pg'
import type { ChatDatabase } from '../database/chat-schema.ts'
import { idBytes, idText } from '../database/packed-arrays.ts'
import type { Origins } from '../http/origins.ts'
import { describeError, type Log } from '../logging.ts'
import type { ServerMetrics } from '../metrics/server-metrics.ts'
import type { ChatAccounts } from '../ports/chat-accounts.ts'
import type { Clock } from '../ports/clock.ts'
import type { SessionVerifier } from '../ports/session-verifier.ts'
import { eraseAccountStore } from './account-store.ts'
import type { ChatEvent } from './chat-event.ts'
import type { ConversationMemory } from './conversation-memory.ts'
import { deliveryOf } from './deliver-frames.ts'
import { createIngestQueue, type Incoming, type IngestOutcome } from './ingest-queue.ts'
import { dropLetters } from './letter-service.ts'
import type { LogService } from './log-service.ts'
import type { LogTail } from './log-tail.ts'
import type { MessageStore } from './message-store.ts'
import { createPostgresMessageStore } from './postgres-message-store.ts'
import { createProgressWriter } from './progress-writer.ts'
import type { Publisher, Router } from './routing/router.ts'
import type { Connection } from './socket/connection.ts'
import { createFrameHandler } from './socket/frame-handler.ts'
import { createHub, type Hub } from './socket/hub.ts'
import { acceptSockets } from './socket/upgrade.ts'
import { wrapBinaryFrame } from './socket/websocket-frames.ts'
import type { Tickets } from './tickets.ts'

/** The live part of chat: sockets, batches, delivery. */
export type ChatService = {
  readonly accounts: ChatAccounts
  readonly connectionCount: number
  accept(server: Server, admission: Admission): void
  /** Asks by itself which sessions have ended, where the word of it may be lost on its way from another process. */
  watchEnded(sessions: SessionVerifier): void
  /** No new sockets, batches in flight finished, sockets closed for a restart. */
  drain(): Promise<void>
  stop(): Promise<void>
}

type Admission = {
  readonly sessions: SessionVerifier
  readonly tickets: Tickets
  readonly origins: Origins
  readonly limited: boolean
}

type Dependencies = {
  readonly database: ChatDatabase
  readonly eraseDatabase: ChatDatabase
  readonly pool: pg.Pool
  readonly ingestPool: pg.Pool
  readonly logService: LogService
  readonly tail: LogTail
  readonly memory: ConversationMemory
  readonly router: Router
  readonly clock: Clock
  readonly log: Log
  readonly metrics: ServerMetrics
}

const CLOSE_RESTART = 1012
const DRAIN_SOCKETS_MS = 2000

type Settled = Incoming<Connection> & { readonly outcome: IngestOutcome }

/** After the commit: first what the sender waits for, then the event for everybody. */
function settle(router: Publisher, settled: readonly Settled[]): void {
  const events: ChatEvent[] = []
  for (const { message, origin, outcome } of settled) {
    if (outcome === 'unknown') {
      // Silence would leave the client waiting: it reconnects and sends the same bytes again.
      origin.close(CLOSE_RESTART)
      continue
    }
    const { conversationId, messageId } = message
    const { status, seq, serverTime } = outcome
    origin.answer(wrapBinaryFrame(encodeAck({ conversationId, messageId, status, seq, serverTime })))
    if (!outcome.fresh) continue
    const { epoch, senderDevice, body } = message
    const at = { seq, serverTime }
    events.push(
      deliveryOf({ kind: 'application', conversationId, messageId, epoch, senderDevice, body, ...at }),
    )
  }
  router.publish(events)
}

/** Attempts that failed were in the database as well. */
const measuredStore = (store: MessageStore, metrics: ServerMetrics): MessageStore => ({
  async append(batch, nowMs) {
    const startedAt = performance.now()
    try {
      return await store.append(batch, nowMs)
    } finally {
      metrics.batch(batch.length, performance.now() - startedAt)
    }
  },
})

function nameOfOutcome(outcome: IngestOutcome): Parameters<ServerMetrics['message']>[0] {
  if (outcome === 'unknown') return 'unknown'
  if (outcome.status !== 0) return 'refused'
  return outcome.fresh ? 'accepted' : 'repeated'
}

type AccountParts = Pick<Dependencies, 'database' | 'eraseDatabase' | 'logService' | 'router'>

function createChatAccounts({ database, eraseDatabase, logService, router }: AccountParts): ChatAccounts {
  async function closeConversations(accountId: AccountId): Promise<void> {
    const account = idBytes(accountId)
    await eraseDatabase.transaction().execute(async work => {
      await sql`INSERT INTO gone_account (account_id) VALUES (${account}) ON CONFLICT DO NOTHING`.execute(
        work,
      )
      await sql`
        UPDATE conversation SET peer_gone = true WHERE id IN (
          SELECT conversation_id FROM direct_pair WHERE low = ${account} OR high = ${account})`.execute(work)
      await sql`
        DELETE FROM welcome WHERE device_id IN (
          SELECT device_id FROM conversation_member WHERE account_id = ${account})`.execute(work)
      await eraseAccountStore(work, accountId)
    })
  }
  return {
    async accountDeleted(accountId) {
      await closeConversations(accountId)
      const { rows } = await sql<{ device_id: Buffer }>`
        SELECT DISTINCT other.device_id::bytea AS device_id
        FROM conversation_member me
        JOIN conversation_member other ON other.conversation_id = me.conversation_id
        WHERE me.account_id = ${idBytes(accountId)} AND other.left_seq IS NULL
          AND other.account_id <> me.account_id`.execute(database)
      router.publish([{ kind: 'gone', accountId, tell: rows.map(row => idText(row.device_id)) }])
    },
    accountReset: accountId =>
      eraseDatabase.transaction().execute(work => eraseAccountStore(work, accountId)),
    sessionsEnded(sessionIds) {
      router.publish([{ kind: 'sessions-ended', sessionIds }])
    },
    async deviceRevoked(deviceId) {
      router.publish([{ kind: 'device-revoked', deviceId }])
      await logService.dropWelcomes(deviceId)
      await dropLetters(database, deviceId)
    },
  }
}

/** Together with the answer it stays within the five seconds in which a session that has ended may be heard. */
const ASK_FOR_ENDED_MS = 3000

export function createChatService(dependencies: Dependencies): ChatService {
  const { database, pool, ingestPool, tail, memory, router, clock, log, metrics } = dependencies
  const hub: Hub = createHub(clock, topics => router.leave(topics))
  router.attach({
    handle(events) {
      const startedAt = performance.now()
      hub.handle(events)
      metrics.fanOut(events.length, performance.now() - startedAt)
      for (const event of events) {
        if (event.kind !== 'deliver') continue
        tail.add(event.event)
        // Who is in it may have changed, perhaps by another node.
        if (event.event.kind !== 'application') memory.forget([event.conversationId])
      }
    },
    missed: () => hub.refreshHeads(),
    held: () => hub.topics(),
    async scopesOf(conversationIds) {
      await memory.load(pool, conversationIds)
      return new Map(
        conversationIds.flatMap(id => {
          const scope = memory.find(id)
          return scope === undefined ? [] : [[id, scope]]
        }),
      )
    },
  })
  const progress = createProgressWriter(pool, log)
  const ingest = createIngestQueue<Connection>({
    store: measuredStore(createPostgresMessageStore(ingestPool, memory), metrics),
    clock,
    log,
    onSettled: settled => {
      settle(router, settled)
      for (const { outcome } of settled) metrics.message(nameOfOutcome(outcome))
    },
  })
  metrics.registry.gauge('connections', 'WebSockets of devices.', () => hub.size)
  metrics.registry.gauge(
    'ingest_queue_messages',
    'Messages that wait for the next batch.',
    () => ingest.length,
  )
  const frames = createFrameHandler({ database, hub, ingest, progress, router, clock, log })
  let draining = false
  let isStopped = false

  return {
    accounts: createChatAccounts(dependencies),
    get connectionCount() {
      return hub.size
    },
    accept(server, admission) {
      const isDraining = () => draining
      acceptSockets({ server, hub, frames, clock, log, isDraining, onClosed: metrics.closed, ...admission })
    },
    watchEnded(sessions) {
      const ask = async () => {
        if (isStopped) return
        await sessions
          .readEnded()
          .then(sessionIds => hub.handle([{ kind: 'sessions-ended', sessionIds }]))
          .catch(error => log.warn('ended sessions not read', describeError(error)))
        clock.after(ASK_FOR_ENDED_MS, ask)
      }
      clock.after(ASK_FOR_ENDED_MS, ask)
    },
    async drain() {
      draining = true
      await ingest.drain()
      await progress.drain()
      hub.closeAll(CLOSE_RESTART)
      const until = clock.now() + DRAIN_SOCKETS_MS
      while (hub.size > 0 && clock.now() < until) await new Promise(resolve => setTimeout(resolve, 20))
    },
    async stop() {
      isStopped = true
      hub.stop()
      await ingest.drain()
      await progress.drain()
    },
  }
}
