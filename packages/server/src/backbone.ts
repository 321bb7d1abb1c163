import { createInMemoryCache } from './adapters/in-memory-cache.ts'
import { createInMemoryEventBus } from './adapters/in-memory-event-bus.ts'
import type { ChatEvent } from './chat/chat-event.ts'
import { chatEventCodec } from './chat/routing/event-codec.ts'
import { createRouter, ONE_NODE, type Router } from './chat/routing/router.ts'
import { openSlotLease } from './chat/routing/slot-lease.ts'
import type { ServerConfig } from './config.ts'
import type { Databases } from './database/databases.ts'
import type { Log } from './logging.ts'
import type { Cache } from './ports/cache.ts'
import type { Clock } from './ports/clock.ts'

type Parts = { readonly clock: Clock; readonly log: Log }

/** What a node has from others, or stands in for itself where it is the only one. */
export type Backbone<T> = { readonly part: T; close(): Promise<void> }

const nothing = async () => undefined

/** Redis where it is configured. Its client is loaded only then. */
export async function openCache(config: ServerConfig, { clock, log }: Parts): Promise<Backbone<Cache>> {
  if (config.redisUrl === undefined) return { part: createInMemoryCache(clock), close: nothing }
  const { connectRedis, createRedisCache } = await import('./adapters/redis-cache.ts')
  const client = await connectRedis({ url: config.redisUrl, log })
  return {
    part: createRedisCache(client, clock),
    async close() {
      client.destroy()
    },
  }
}

/** Kafka where it is configured, with a slot of this node's own; else everything stays in this process. */
export async function openRouter(
  config: ServerConfig,
  databases: Pick<Databases, 'chatPool'>,
  { clock, log }: Parts,
): Promise<Backbone<Router>> {
  if (config.kafka === undefined) {
    const router = createRouter(createInMemoryEventBus<ChatEvent>(), ONE_NODE)
    return { part: router, close: nothing }
  }
  const { brokers, topic, slots } = config.kafka
  const { openKafkaEventBus } = await import('./adapters/kafka/kafka-event-bus.ts')
  const bus = await openKafkaEventBus({ brokers, topic, slots, codec: chatEventCodec, clock, log })
  const lease = await openSlotLease({ pool: databases.chatPool, slots, clock, log })
  const router = createRouter(bus, lease)
  await router.ready
  return {
    part: router,
    async close() {
      router.stop()
      await lease.stop()
      await bus.close()
    },
  }
}
