import { randomUUID } from 'node:crypto'
import { Admin, Consumer, Producer } from '@platformatic/kafka'
import type { Log } from '../../logging.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Addressed, EventBus, EventCodec } from '../../ports/event-bus.ts'
import { createPublisher } from './publisher.ts'
import { createReader, type Reader } from './reader.ts'
import { FOLLOWS_A_GAP, joinEvents, splitEvents } from './record.ts'

type Options<Event> = {
  readonly brokers: readonly string[]
  readonly topic: string
  /** Partitions of the topic where it has to be made: the most nodes that can ever read at once. */
  readonly slots: number
  readonly codec: EventCodec<Event>
  readonly clock: Pick<Clock, 'now'>
  readonly log: Log
}

export type KafkaEventBus<Event> = EventBus<Event> & {
  /** Published, and not taken by Kafka yet. */
  waitingBytes(): number
  close(): Promise<void>
}

const CLIENT_ID = 'entangle'
const CONNECT_WITHIN_MS = 3000
const ANSWER_WITHIN_MS = 5000
/** Well below what a broker takes as one record, also with the largest event behind it. */
const RECORD_BYTES = 256 * 1024
/** One broker may go; more copies of hints would only cost. */
const REPLICAS = 2
/**
 * So many slots in a row are led by one broker. A node hands over to each leader by itself: where there are few nodes
 * one request has everything for all of them, where there are many the brokers share them.
 */
const SLOTS_TOGETHER = 8
/** Events are hints that nobody reads later. */
const KEEP_MS = 10 * 60 * 1000
const RETRY_MS = 500

/** Which brokers have each slot; the first of them leads it. */
function assign(slots: number, brokers: readonly number[]) {
  return Array.from({ length: slots }, (_, partition) => {
    const leader = Math.floor(partition / SLOTS_TOGETHER) % brokers.length
    return { partition, brokers: [...brokers.slice(leader), ...brokers.slice(0, leader)].slice(0, REPLICAS) }
  })
}

async function ensureTopic(admin: Admin, topic: string, slots: number, log: Log): Promise<void> {
  for (let isTold = false; ; ) {
    try {
      if ((await admin.listTopics()).includes(topic)) return
      const { brokers } = await admin.metadata({ topics: [] })
      const configs = [{ name: 'retention.ms', value: String(KEEP_MS) }]
      await admin.createTopics({
        topics: [topic],
        assignments: assign(slots, [...brokers.keys()]),
        configs,
      })
    } catch {
      // Another node may just have made it; where nobody is there yet, wait for them.
      if (!isTold) log.info('waiting for kafka')
      isTold = true
      await new Promise(resolve => setTimeout(resolve, RETRY_MS))
    }
  }
}

/** The payloads of the records of each slot. An event is encoded once, however many slots it is for. */
function* recordsOf<Event>(
  events: readonly Addressed<Event>[],
  codec: EventCodec<Event>,
): Generator<{ readonly slot: string; readonly payload: Uint8Array }> {
  type Share = { parts: Uint8Array[]; bytes: number }
  const shares = new Map<string, Share>()
  for (const { event, slots } of events) {
    if (slots.length === 0) continue
    const encoded = codec.encode(event)
    for (const slot of slots) {
      const share = shares.get(slot) ?? { parts: [], bytes: 0 }
      shares.set(slot, share)
      share.parts.push(encoded)
      share.bytes += encoded.length
      if (share.bytes < RECORD_BYTES) continue
      shares.delete(slot)
      yield { slot, payload: joinEvents(share.parts) }
    }
  }
  for (const [slot, { parts }] of shares) yield { slot, payload: joinEvents(parts) }
}

/** Slots are partitions of one topic. Waits until Kafka is there; after that its absence holds nobody up. */
export async function openKafkaEventBus<Event>(options: Options<Event>): Promise<KafkaEventBus<Event>> {
  const { topic, codec, clock, log } = options
  const settings = {
    clientId: CLIENT_ID,
    bootstrapBrokers: [...options.brokers],
    connectTimeout: CONNECT_WITHIN_MS,
    requestTimeout: ANSWER_WITHIN_MS,
    timeout: ANSWER_WITHIN_MS,
    // We try again ourselves, in order and for as long as it is worth it.
    retries: 0,
  }
  const admin = new Admin(settings)
  await ensureTopic(admin, topic, options.slots, log)
  await admin.close()
  const producer = new Producer<Buffer, Buffer, Buffer, Buffer>(settings)
  const publisher = createPublisher({ producer, topic, clock, log })
  const readers = new Set<Reader>()

  return {
    publish(events) {
      for (const { slot, payload } of recordsOf(events, codec)) publisher.enqueue(Number(slot), payload)
    },
    subscribe(slot, handler, missed = () => undefined) {
      const reader = createReader({
        consumer: new Consumer<Buffer, Buffer, Buffer, Buffer>({ ...settings, groupId: randomUUID() }),
        topic,
        partition: Number(slot),
        log,
        missed,
        read(records) {
          if (records.some(record => record[0] === FOLLOWS_A_GAP)) missed()
          const events = records.flatMap(record =>
            [...splitEvents(record)].flatMap(encoded => codec.decode(encoded) ?? []),
          )
          if (events.length > 0) handler(events)
        },
      })
      readers.add(reader)
      return {
        ready: reader.ready,
        end() {
          readers.delete(reader)
          reader.end()
        },
      }
    },
    waitingBytes: () => publisher.waitingBytes,
    async close() {
      for (const reader of readers) reader.end()
      await publisher.stop()
      await producer.close(true).catch(() => undefined)
    },
  }
}
