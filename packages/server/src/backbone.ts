import type pg from 'pg'
import { createInMemoryCache } from './adapters/in-memory-cache.ts'
import { chatEventCodec } from './chat/routing/event-codec.ts'
import { createInterest } from './chat/routing/interest.ts'
import { createLocalRouter, createRouter, type LocalNode, type Router } from './chat/routing/router.ts'
import { openSlotLease } from './chat/routing/slot-lease.ts'
import type { ServerConfig } from './config.ts'
import type { Log } from './logging.ts'
import type { ServerMetrics } from './metrics/server-metrics.ts'
import type { Cache } from './ports/cache.ts'
import type { Clock } from './ports/clock.ts'
import type { InterestRegistry } from './ports/interest-registry.ts'
import type { SharedTail } from './ports/shared-tail.ts'

type Parts = { readonly clock: Clock; readonly log: Log }

/** What a node has from others, or stands in for itself where it is the only one. */
export type Backbone<T> = { readonly part: T; close(): Promise<void> }

const nothing = async () => undefined

/** What is shared by way of Redis. Without it there is nothing but the cache, in memory. */
type Shared = {
  readonly cache: Cache
  readonly registry?: InterestRegistry
  readonly tail?: SharedTail
}

/** Redis where it is configured. Its client is loaded only then. */
export async function openShared(config: ServerConfig, { clock, log }: Parts): Promise<Backbone<Shared>> {
  if (config.redisUrl === undefined) return { part: { cache: createInMemoryCache(clock) }, close: nothing }
  const { connectRedis } = await import('./adapters/redis/client.ts')
  const { createRedisCache } = await import('./adapters/redis/redis-cache.ts')
  const { createRedisInterestRegistry } = await import('./adapters/redis/redis-interest-registry.ts')
  const { createRedisSharedTail } = await import('./adapters/redis/redis-shared-tail.ts')
  const client = await connectRedis({ url: config.redisUrl, log })
  return {
    part: {
      cache: createRedisCache(client, clock),
      registry: createRedisInterestRegistry(client),
      // Who is alone has all of it in memory.
      ...(config.kafka && { tail: createRedisSharedTail(client, clock) }),
    },
    async close() {
      client.destroy()
    },
  }
}

type RouterParts = Parts & {
  readonly metrics: Pick<ServerMetrics, 'registry'>
  readonly pool: pg.Pool
  readonly interest: InterestRegistry | undefined
}

/** Kafka where it is configured, with a slot of this node's own; else everything stays in this process. */
export async function openRouter(config: ServerConfig, parts: RouterParts): Promise<Backbone<Router>> {
  const { pool, interest, metrics, clock, log } = parts
  if (config.kafka === undefined) return { part: createLocalRouter(), close: nothing }
  const { brokers, topic, slots } = config.kafka
  const { openKafkaEventBus } = await import('./adapters/kafka/kafka-event-bus.ts')
  const bus = await openKafkaEventBus({ brokers, topic, slots, codec: chatEventCodec, clock, log })
  const lease = await openSlotLease({ pool, slots, clock, log })
  metrics.registry.gauge('chat_nodes', 'Chat nodes that are alive.', () => lease.nodes().slots.length)
  metrics.registry.gauge(
    'chat_nodes_hearing_all',
    'Chat nodes that hear everything, because they cannot say what they want.',
    () => lease.nodes().hearingAll.length,
  )
  metrics.registry.gauge('bus_waiting_bytes', 'Published, and not taken by Kafka yet.', () =>
    bus.waitingBytes(),
  )
  const openInterest =
    interest &&
    (({ held, missed }: Pick<LocalNode, 'held' | 'missed'>) =>
      createInterest({ ...lease, registry: interest, held, missed, clock, log }))
  const router = createRouter({ bus, slots: lease, openInterest, log })
  await router.ready
  return {
    part: router,
    async close() {
      await router.stop()
      await lease.stop()
      await bus.close()
    },
  }
}
