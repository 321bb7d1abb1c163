import { setImmediate as endOfTurn, setTimeout as sleep } from 'node:timers/promises'
import { ERRORS, type MessageId } from '@entangle/protocol'
import { OutcomeUnknownError } from '../database/doubtful-commits.ts'
import { isConnectionLost } from '../database/pools.ts'
import { describeError, type Log } from '../logging.ts'
import type { Clock } from '../ports/clock.ts'
import type { IncomingMessage, MessageStore, StoredOutcome } from './message-store.ts'

export type Incoming<Origin> = { readonly message: IncomingMessage; readonly origin: Origin }

/** `unknown`: nothing may be said to the sender, who will send the same bytes again. */
export type IngestOutcome = StoredOutcome | 'unknown'

export type IngestQueue<Origin> = {
  /** False when the queue is full: the message was not taken. */
  offer(incoming: Incoming<Origin>): boolean
  /** Resolves when everything taken so far has its outcome. What comes meanwhile is not waited for: somebody always writes. */
  drain(): Promise<void>
  readonly length: number
}

type Dependencies<Origin> = {
  readonly store: MessageStore
  readonly clock: Clock
  readonly log: Log
  /** Called once a batch, after its commit, with all its outcomes. */
  readonly onSettled: (settled: readonly (Incoming<Origin> & { readonly outcome: IngestOutcome })[]) => void
}

const QUEUE_LIMIT = 20_000
const QUEUE_BYTES_LIMIT = 64 * 1024 * 1024
const BATCH_LIMIT = 1024
const BATCH_BYTES_LIMIT = 4 * 1024 * 1024
const GATHERING_TURNS = 2
/** How long a batch is tried again while the database is away; then its senders are told to reconnect. */
const PATIENCE_MS = 8000

const isUnknown = (error: unknown): boolean => error instanceof OutcomeUnknownError || isConnectionLost(error)

/**
 * Group commit without a timer: while one batch is in the database, the next one gathers; it leaves the
 * moment the former has returned. A lone message waits for nobody, a crowd shares one commit.
 */
export function createIngestQueue<Origin>(dependencies: Dependencies<Origin>): IngestQueue<Origin> {
  const { store, clock, log, onSettled } = dependencies
  let waiting: Incoming<Origin>[] = []
  let waitingBytes = 0
  let isRunning = false
  let taken = 0
  let settled = 0
  const drains = new Set<{ readonly until: number; readonly resolve: () => void }>()

  /** From the front of the queue; a second message of the same id, as a copy has, waits for the outcome of the first. */
  function takeBatch(): Incoming<Origin>[] {
    const batch: Incoming<Origin>[] = []
    const later: Incoming<Origin>[] = []
    const ids = new Set<MessageId>()
    let bytes = 0
    let at = 0
    for (; at < waiting.length; at++) {
      const incoming = waiting[at]
      if (incoming === undefined) break
      if (batch.length === BATCH_LIMIT || bytes + incoming.message.body.length > BATCH_BYTES_LIMIT) break
      const { messageId, body } = incoming.message
      if (ids.has(messageId)) {
        later.push(incoming)
        continue
      }
      ids.add(messageId)
      bytes += body.length
      batch.push(incoming)
    }
    waiting = later.concat(waiting.slice(at))
    waitingBytes -= bytes
    return batch
  }

  /** Every try sends the same ids, so a batch whose first try did commit is recognised and not stored twice. */
  async function append(batch: readonly Incoming<Origin>[]): Promise<readonly IngestOutcome[]> {
    const giveUpAt = clock.now() + PATIENCE_MS
    for (let attempt = 0; ; attempt++) {
      try {
        return await store.append(
          batch.map(incoming => incoming.message),
          clock.now(),
        )
      } catch (error) {
        if (error instanceof OutcomeUnknownError) return batch.map(() => 'unknown')
        if (!isConnectionLost(error)) return appendSingly(batch, error)
        if (clock.now() > giveUpAt) {
          log.warn('messages without outcome', { count: batch.length, ...describeError(error) })
          return batch.map(() => 'unknown')
        }
        await sleep(Math.min(50 * 2 ** attempt, 1000))
      }
    }
  }

  /** The database refused the batch for something in it: find the culprit, let the others pass. */
  async function appendSingly(batch: readonly Incoming<Origin>[], cause: unknown): Promise<IngestOutcome[]> {
    log.error('batch refused', { count: batch.length, ...describeError(cause) })
    const outcomes: IngestOutcome[] = []
    for (const { message } of batch) {
      try {
        const [outcome] = await store.append([message], clock.now())
        outcomes.push(outcome ?? 'unknown')
      } catch (error) {
        const refused = { status: ERRORS.SERVER_ERROR.number, seq: 0, serverTime: clock.now(), fresh: false }
        outcomes.push(isUnknown(error) ? 'unknown' : refused)
      }
    }
    return outcomes
  }

  /**
   * What other sockets have brought already is read before a turn of the event loop ends. Where this one has brought
   * something the next may as well, from the same crowd; who is alone does not wait for it.
   */
  async function gather(): Promise<void> {
    let before = 0
    for (let turn = 0; turn < GATHERING_TURNS && waiting.length > before; turn++) {
      before = waiting.length
      await endOfTurn()
    }
  }

  async function run(): Promise<void> {
    while (waiting.length > 0) {
      await gather()
      const batch = takeBatch()
      const outcomes = await append(batch)
      settled += batch.length
      try {
        onSettled(
          batch.map(({ message, origin }, index) => ({
            message,
            origin,
            outcome: outcomes[index] ?? 'unknown',
          })),
        )
      } finally {
        endDrains()
      }
    }
  }

  function endDrains(): void {
    for (const drain of drains) {
      if (drain.until > settled) continue
      drains.delete(drain)
      drain.resolve()
    }
  }

  function start(): void {
    if (isRunning) return
    isRunning = true
    run()
      .catch(error => log.error('ingest stopped', describeError(error)))
      .finally(() => {
        isRunning = false
        if (waiting.length > 0) start()
      })
  }

  return {
    offer(incoming) {
      const size = incoming.message.body.length
      if (waiting.length >= QUEUE_LIMIT || waitingBytes + size > QUEUE_BYTES_LIMIT) return false
      waiting.push(incoming)
      waitingBytes += size
      taken += 1
      start()
      return true
    },
    drain() {
      if (settled === taken) return Promise.resolve()
      return new Promise(resolve => drains.add({ until: taken, resolve }))
    },
    get length() {
      return waiting.length
    },
  }
}
