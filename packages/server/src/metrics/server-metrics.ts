import { CLOSE } from '@entangle/protocol'
import type pg from 'pg'
import type { Log } from '../logging.ts'
import { AMOUNTS, createRegistry, type Registry, SECONDS } from './registry.ts'

/** What the server measures of itself, and what it says when something took too long. */
export type ServerMetrics = {
  readonly registry: Registry
  request(operation: string, status: number, durationMs: number): void
  /** A batch of messages was in the database for so long. */
  batch(size: number, durationMs: number): void
  /** Events went to the sockets of this node. */
  fanOut(events: number, durationMs: number): void
  message(outcome: keyof typeof OUTCOMES): void
  /** A WebSocket came to its end, with this code. */
  closed(code: number): void
}

/** Going away, gone without a word, restart, and ours. */
const CLOSE_CODES = new Set<number>([1000, 1001, 1006, 1012, ...Object.values(CLOSE)])

const OUTCOMES = {
  accepted: { outcome: 'accepted' },
  repeated: { outcome: 'repeated' },
  refused: { outcome: 'refused' },
  unknown: { outcome: 'unknown' },
} as const

type Slow = { readonly log: Log; readonly slowMs: number }

export function createServerMetrics({ log, slowMs }: Slow): ServerMetrics {
  const registry = createRegistry()
  const requests = registry.histogram('http_request_seconds', 'Operations over HTTP.', SECONDS)
  const batchSizes = registry.histogram('ingest_batch_messages', 'Messages to one commit.', AMOUNTS)
  const commits = registry.histogram(
    'ingest_commit_seconds',
    'A batch from the server to the database and back, repetitions apart.',
    SECONDS,
  )
  const fanOuts = registry.histogram(
    'fanout_seconds',
    'Writing a batch of events to all its sockets.',
    SECONDS,
  )
  const events = registry.counter('fanout_events_total', 'Events that went to sockets.')
  const closes = registry.counter('connections_closed_total', 'WebSockets that ended, by the code.')
  const messages = registry.counter('messages_total', 'Messages by what their senders were told.')

  /** Names of operations only: never whose they were, or what was in them. */
  const tellIfSlow = (operation: string, durationMs: number, count?: number) => {
    if (durationMs < slowMs) return
    const rounded = Math.round(durationMs)
    log.warn('slow', { operation, durationMs: rounded, ...(count === undefined ? {} : { count }) })
  }

  return {
    registry,
    request(operation, status, durationMs) {
      requests.observe(durationMs / 1000, { operation, status: `${Math.floor(status / 100)}xx` })
      tellIfSlow(operation, durationMs)
    },
    batch(size, durationMs) {
      batchSizes.observe(size)
      commits.observe(durationMs / 1000)
      tellIfSlow('ingest', durationMs, size)
    },
    fanOut(count, durationMs) {
      events.add(count)
      fanOuts.observe(durationMs / 1000)
      tellIfSlow('fan-out', durationMs, count)
    },
    // What a peer may send is any number: only those that mean something here are told apart.
    closed: code => closes.add(1, { code: CLOSE_CODES.has(code) ? String(code) : 'other' }),
    message: outcome => messages.add(1, OUTCOMES[outcome]),
  }
}

export function watchPools(registry: Registry, pools: Readonly<Record<string, pg.Pool>>): void {
  registry.gauge('database_connections', 'Connections to the databases, and who waits for one.', () =>
    Object.entries(pools).flatMap(([pool, { idleCount, totalCount, waitingCount }]) => [
      { labels: { pool, state: 'busy' }, value: totalCount - idleCount },
      { labels: { pool, state: 'idle' }, value: idleCount },
      { labels: { pool, state: 'waiting' }, value: waitingCount },
    ]),
  )
}
