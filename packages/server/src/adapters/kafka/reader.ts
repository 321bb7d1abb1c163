import { setTimeout as sleep } from 'node:timers/promises'
import { type Consumer, ListOffsetTimestamps } from '@platformatic/kafka'
import { describeError, type Log } from '../../logging.ts'

export type Reader = {
  /** It knows where it begins: nothing published from here on is missed. */
  readonly ready: Promise<void>
  readonly end: () => void
}

type Place = { readonly node: number; readonly topicId: string }
type Parts = {
  /** For this reader alone: a question that waits for news holds its connection up. */
  readonly consumer: Consumer<Buffer, Buffer, Buffer, Buffer>
  readonly topic: string
  readonly partition: number
  readonly log: Log
  /** All that one answer has. */
  readonly read: (records: readonly Buffer[]) => void
  /** What was between is not in Kafka any more. */
  readonly missed: () => void
}

const WAIT_FOR_NEWS_MS = 1000
/** From one question to the next, so that in a crowd an answer is worth it. Whoever comes into the quiet is read at once. */
const GATHER_MS = 40
const RESPONSE_BYTES = 4 * 1024 * 1024
const PAUSE_MS = 200
const OFFSET_OUT_OF_RANGE = 1
const NONE = -1

const pause = () => sleep(PAUSE_MS)

/**
 * Reads one partition, assigned by us: no group, so no other reader's coming or going makes it wait. Begins with what
 * is published after it is ready; after a disturbance it goes on where it was.
 */
export function createReader({ consumer, topic, partition, log, read, missed }: Parts): Reader {
  let isOver = false
  let place: Place | undefined
  let offset: bigint | undefined

  async function findPlace(): Promise<Place> {
    const metadata = await consumer.metadata({ topics: [topic], forceUpdate: true })
    const found = metadata.topics.get(topic)
    const leader = found?.partitions[partition]?.leader
    if (found === undefined || leader === undefined || leader < 0) throw new Error('the slot has no leader')
    return { node: leader, topicId: found.id }
  }

  async function findEnd(): Promise<bigint> {
    const offsets = await consumer.listOffsets({
      topics: [topic],
      partitions: { [topic]: [partition] },
      timestamp: ListOffsetTimestamps.LATEST,
    })
    const end = offsets.get(topic)?.[partition]
    if (end === undefined) throw new Error('the slot has no end')
    return end
  }

  async function readOnce({ node, topicId }: Place, from: bigint): Promise<void> {
    const { responses } = await consumer.fetch({
      node,
      topics: [
        {
          topicId,
          partitions: [
            {
              partition,
              currentLeaderEpoch: NONE,
              fetchOffset: from,
              lastFetchedEpoch: NONE,
              partitionMaxBytes: RESPONSE_BYTES,
            },
          ],
        },
      ],
      minBytes: 1,
      maxBytes: RESPONSE_BYTES,
      maxWaitTime: WAIT_FOR_NEWS_MS,
    })
    const records: Buffer[] = []
    for (const batch of responses[0]?.partitions[0]?.records ?? []) {
      for (const { offsetDelta, value } of batch.records) {
        const at = batch.firstOffset + BigInt(offsetDelta)
        // A batch is given whole, also where it begins before what was asked for.
        if (at >= from && value !== null) records.push(value)
      }
      offset = batch.firstOffset + BigInt(batch.lastOffsetDelta) + 1n
    }
    if (!isOver && records.length > 0) read(records)
  }

  const isOutOfRange = (error: unknown): boolean =>
    error instanceof Error &&
    'findBy' in error &&
    typeof error.findBy === 'function' &&
    error.findBy('apiCode', OFFSET_OUT_OF_RANGE) !== null

  async function step(): Promise<void> {
    try {
      place ??= await findPlace()
      if (offset === undefined) offset = await findEnd()
      else await Promise.all([readOnce(place, offset), sleep(GATHER_MS)])
    } catch (error) {
      if (isOver) return
      place = undefined
      if (isOutOfRange(error)) {
        offset = await findEnd().catch(() => offset)
        missed()
        return
      }
      log.debug('kafka read failed', describeError(error))
      await pause()
    }
  }

  const begin = async () => {
    while (offset === undefined && !isOver) await step()
  }
  const ready = begin()
  void ready.then(async () => {
    while (!isOver) await step()
  })

  return {
    ready,
    end() {
      if (isOver) return
      isOver = true
      void consumer.close(true).catch(() => undefined)
    },
  }
}
