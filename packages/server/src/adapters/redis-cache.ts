import { ProtocolError } from '@entangle/protocol'
import { createClient, defineScript } from '@redis/client'
import { describeError, type Log } from '../logging.ts'
import type { Bucket, Cache } from '../ports/cache.ts'
import type { Clock } from '../ports/clock.ts'
import { createInMemoryCache } from './in-memory-cache.ts'
import { INTEREST_SCRIPTS } from './redis-interest-registry.ts'

/** Whoever waits for longer than this is told that the server is busy, and comes again. */
const ANSWER_WITHIN_MS = 1000
const CONNECT_WITHIN_MS = 2000
const RETRY_WITHIN_MS = 1000
const QUEUE_LIMIT = 20_000

/**
 * A bucket is a hash of its level and the time of that level, by the clock of Redis, which all nodes share. It is
 * forgotten when it would be full again.
 */
const SPEND = defineScript({
  NUMBER_OF_KEYS: 1,
  SCRIPT: `
    local capacity, perMs = tonumber(ARGV[1]), tonumber(ARGV[2])
    local time = redis.call('TIME')
    local now = time[1] * 1000 + math.floor(time[2] / 1000)
    local known = redis.call('HMGET', KEYS[1], 'level', 'at')
    local level, at = tonumber(known[1]) or capacity, tonumber(known[2]) or now
    level = math.min(capacity, level + math.max(0, now - at) * perMs)
    if level < 1 then return math.ceil((1 - level) / perMs) end
    redis.call('HSET', KEYS[1], 'level', tostring(level - 1), 'at', tostring(now))
    redis.call('PEXPIRE', KEYS[1], math.ceil((capacity - level + 1) / perMs))
    return 0`,
  parseCommand(parser, key: string, { capacity, perMinute }: Bucket) {
    parser.pushKey(key)
    parser.push(String(capacity), String(perMinute / 60_000))
  },
  transformReply: (reply: unknown) => Number(reply),
})

/** The client's own limit counts only until a question has left. */
export function within<T>(answer: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('Redis did not answer in time')), ANSWER_WITHIN_MS)
    answer.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}

type Parts = { readonly url: string; readonly log: Log }

const open = (url: string) =>
  createClient({
    url,
    scripts: { spend: SPEND, ...INTEREST_SCRIPTS },
    // What cannot be asked now is refused now: a queue of questions would be answered when nobody waits any more.
    disableOfflineQueue: true,
    commandsQueueMaxLength: QUEUE_LIMIT,
    socket: {
      connectTimeout: CONNECT_WITHIN_MS,
      reconnectStrategy: retries => Math.random() * Math.min(RETRY_WITHIN_MS, 50 * 2 ** retries),
    },
  })
export type Redis = ReturnType<typeof open>

/** A connection that comes back by itself. Waits until somebody is there, and says so in the log. */
export async function connectRedis({ url, log }: Parts): Promise<Redis> {
  const client = open(url)
  let isAway = false
  client.on('error', error => {
    if (!isAway) log.warn('redis away', describeError(error))
    isAway = true
  })
  client.on('ready', () => {
    if (isAway) log.info('redis back')
    isAway = false
  })
  await client.connect()
  return client
}

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
