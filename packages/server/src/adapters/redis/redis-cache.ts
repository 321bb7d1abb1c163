import { ProtocolError } from '@entangle/protocol'
import type { Cache } from '../../ports/cache.ts'
import type { Clock } from '../../ports/clock.ts'
import { createInMemoryCache } from '../in-memory-cache.ts'
import { type Redis, within } from './client.ts'

/**
 * Shared between nodes. While Redis does not answer, what only it can know is refused with SERVER_UNAVAILABLE, and each
 * node counts for itself what somebody may still do: limits hold, and nothing else waits for them.
 */
export function createRedisCache(client: Redis, clock: Pick<Clock, 'now'>): Cache {
  const alone = createInMemoryCache(clock)
  const asked = async <T>(question: () => Promise<T>): Promise<T> => {
    try {
      return await within(question())
    } catch (cause) {
      throw new ProtocolError('SERVER_UNAVAILABLE', {}, { cause })
    }
  }
  return {
    get: key => asked(async () => (await client.get(key)) ?? undefined),
    take: key => asked(async () => (await client.getDel(key)) ?? undefined),
    set: (key, value, timeToLiveMs) =>
      asked(async () => {
        await client.set(key, value, { expiration: { type: 'PX', value: Math.ceil(timeToLiveMs) } })
      }),
    delete: key =>
      asked(async () => {
        await client.del(key)
      }),
    spend: (key, bucket) => within(client.spend(key, bucket)).catch(() => alone.spend(key, bucket)),
  }
}
