import { randomUUID } from 'node:crypto'
import { Admin, Consumer, Producer } from '@platformatic/kafka'
import type { Log } from '../../logging.ts'
import type { Clock } from '../../ports/clock.ts'
import type { EventBus, EventCodec } from '../../ports/event-bus.ts'
import { createPublisher, FOLLOWS_A_GAP } from './publisher.ts'
import { createReader, type Reader } from './reader.ts'

type Options<Event> = {
  readonly brokers: readonly string[]
  readonly topic: string
  /** Partitions of the topic where it has to be made: the most nodes that can ever read at once. */
  readonly slots: number
  readonly codec: EventCodec<Event>
  readonly clock: Pick<Clock, 'now'>
  readonly log: Log
}

export type KafkaEventBus<Event> = EventBus<Event> & { close(): Promise<void> }

const CLIENT_ID = 'entangle'
const CONNECT_WITHIN_MS = 3000
const ANSWER_WITHIN_MS = 5000
/** Well below what a broker takes as one record. */
const EVENTS_AT_ONCE = 64
const REPLICAS = 3
/** Events are hints that nobody reads later. */
const KEEP_MS = 10 * 60 * 1000
const RETRY_MS = 500

async function ensureTopic(admin: Admin, topic: string, slots: number, log: Log): Promise<void> {
  for (let isTold = false; ; ) {
    try {
      if ((await admin.listTopics()).includes(topic)) return
      const { brokers } = await admin.metadata({ topics: [] })
      const configs = [{ name: 'retention.ms', value: String(KEEP_MS) }]
      await admin.createTopics({
        topics: [topic],
        partitions: slots,
        replicas: Math.min(REPLICAS, brokers.size),
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
    publish(slots, events) {
      if (slots.length === 0) return
      for (let at = 0; at < events.length; at += EVENTS_AT_ONCE) {
        const payload = codec.encode(events.slice(at, at + EVENTS_AT_ONCE))
        for (const slot of slots) publisher.enqueue(Number(slot), payload)
      }
    },
    subscribe(slot, handler, missed = () => undefined) {
      const reader = createReader({
        consumer: new Consumer<Buffer, Buffer, Buffer, Buffer>({ ...settings, groupId: randomUUID() }),
        topic,
        partition: Number(slot),
        log,
        missed,
        read(record) {
          if (record[0] === FOLLOWS_A_GAP) missed()
          const events = record.length > 1 ? codec.decode(record.subarray(1)) : []
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
    async close() {
      for (const reader of readers) reader.end()
      await publisher.stop()
      await producer.close(true).catch(() => undefined)
    },
  }
}
