import type { Producer } from '@platformatic/kafka'
import { describeError, type Log } from '../../logging.ts'
import type { Clock } from '../../ports/clock.ts'
import { FOLLOWS, FOLLOWS_A_GAP } from './record.ts'

export type Publisher = {
  /** Takes it at once. What Kafka does not take for long is dropped, and the next record of that slot says so. */
  enqueue(partition: number, payload: Uint8Array): void
  /** Resolves when nothing waits, or nothing moves. */
  stop(): Promise<void>
  readonly waitingBytes: number
}

type Waiting = { readonly partition: number; readonly payload: Uint8Array; readonly since: number }
type Parts = {
  readonly producer: Producer<Buffer, Buffer, Buffer, Buffer>
  readonly topic: string
  readonly clock: Pick<Clock, 'now'>
  readonly log: Log
}

const QUEUE_BYTES = 16 * 1024 * 1024
const REQUEST_BYTES = 512 * 1024
/** A leader that died has a successor by then; what is older will have been found by its reader's own questions. */
const WORTH_MS = 10_000
const PAUSE_MS = 200

const NOTHING = new Uint8Array()

const pause = () => new Promise<void>(resolve => setTimeout(resolve, PAUSE_MS))

/** One request after the other, so that the records of a slot keep their order; what comes meanwhile goes with the next. */
export function createPublisher({ producer, topic, clock, log }: Parts): Publisher {
  let queue: Waiting[] = []
  let waitingBytes = 0
  let running: Promise<void> | undefined
  let isStopping = false
  let isAway = false
  const hasGap = new Set<number>()

  function drop(waiting: Waiting): void {
    waitingBytes -= waiting.payload.length
    hasGap.add(waiting.partition)
  }

  function takeRequest(): Waiting[] {
    const now = clock.now()
    const taken: Waiting[] = []
    let bytes = 0
    let at = 0
    for (; at < queue.length && bytes < REQUEST_BYTES; at++) {
      const waiting = queue[at]
      if (waiting === undefined) break
      // Also what comes from the future: the clock was set back meanwhile.
      if (Math.abs(now - waiting.since) > WORTH_MS) drop(waiting)
      else {
        taken.push(waiting)
        bytes += waiting.payload.length
      }
    }
    queue = queue.slice(at)
    return taken
  }

  const tellGaps = (): Waiting[] =>
    [...hasGap].map(partition => ({ partition, payload: NOTHING, since: clock.now() }))

  async function send(taken: readonly Waiting[]): Promise<void> {
    const told = new Set<number>()
    const messages = taken.map(({ partition, payload }) => {
      const isFirst = hasGap.has(partition) && !told.has(partition)
      told.add(partition)
      const value = Buffer.allocUnsafe(payload.length + 1)
      value[0] = isFirst ? FOLLOWS_A_GAP : FOLLOWS
      value.set(payload, 1)
      return { topic, partition, value }
    })
    await producer.send({ messages, acks: 1 })
    for (const partition of told) hasGap.delete(partition)
    for (const { payload } of taken) waitingBytes -= payload.length
  }

  async function run(): Promise<void> {
    while (queue.length > 0 || hasGap.size > 0) {
      const taken = takeRequest()
      // What was dropped is told also where nothing follows it.
      if (taken.length === 0 && queue.length === 0) taken.push(...tellGaps())
      if (taken.length === 0) continue
      try {
        await send(taken)
        if (isAway) log.info('kafka back')
        isAway = false
      } catch (error) {
        if (!isAway) log.warn('kafka away', describeError(error))
        isAway = true
        queue = [...taken, ...queue]
        if (isStopping) return
        await pause()
      }
    }
  }

  function start(): void {
    running ??= run().finally(() => {
      running = undefined
      if (queue.length > 0 && !isStopping) start()
    })
  }

  return {
    enqueue(partition, payload) {
      waitingBytes += payload.length
      const waiting = { partition, payload, since: clock.now() }
      if (waitingBytes > QUEUE_BYTES) {
        drop(waiting)
        return
      }
      queue.push(waiting)
      start()
    },
    async stop() {
      isStopping = true
      await running
    },
    get waitingBytes() {
      return waitingBytes
    },
  }
}
