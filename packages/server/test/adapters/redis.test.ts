import { type ConversationId, type DeviceId, type MessageId, ProtocolError } from '@entangle/protocol'
import { cacheContract } from '@entangle/testkit/contracts/cache'
import { interestRegistryContract } from '@entangle/testkit/contracts/interest-registry'
import { sharedTailContract } from '@entangle/testkit/contracts/shared-tail'
import { findRedis, type RedisProcess, startRedis } from '@entangle/testkit/services'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectRedis, type Redis } from '../../src/adapters/redis/client.ts'
import { createRedisCache } from '../../src/adapters/redis/redis-cache.ts'
import { createRedisInterestRegistry } from '../../src/adapters/redis/redis-interest-registry.ts'
import { createRedisSharedTail } from '../../src/adapters/redis/redis-shared-tail.ts'
import { openShared } from '../../src/backbone.ts'
import { parseConfig } from '../../src/config.ts'
import { createLog } from '../../src/logging.ts'
import { systemClock } from '../../src/ports/clock.ts'
import type { LogEvent } from '../../src/ports/shared-tail.ts'

const log = createLog('silent')
const clock = { now: () => Date.now() }
/** What is tested here must not depend on how busy the machine is. */
const PATIENT_MS = 1000
/** Where everything has to be tested, one that is not there is a failure. */
const canRun = findRedis() !== undefined || process.env['CI'] === 'true'

describe.skipIf(!canRun)('with a real Redis', () => {
  let server: RedisProcess
  let client: Redis
  beforeAll(async () => {
    server = await startRedis()
    client = await connectRedis({ url: server.url, log })
  })
  afterAll(async () => {
    client?.destroy()
    await server?.dispose()
  })

  cacheContract('Redis', async () => {
    await client.flushAll()
    return {
      cache: createRedisCache(client, clock),
      advance: milliseconds => new Promise(resolve => setTimeout(resolve, milliseconds)),
      destroy: async () => undefined,
    }
  })

  interestRegistryContract('Redis', async () => {
    await client.flushAll()
    return { registry: createRedisInterestRegistry(client), loseAll: () => client.flushAll() }
  })

  sharedTailContract('Redis', async () => {
    await client.flushAll()
    return createRedisSharedTail(client, clock, PATIENT_MS)
  })

  const conversation = (number: number) => number.toString(16).padStart(32, '0') as ConversationId
  const eventOf = (bodyBytes: number): LogEvent => ({
    kind: 'application',
    messageId: '1'.repeat(32) as MessageId,
    epoch: 1,
    seq: 1,
    serverTime: 1,
    senderDevice: '2'.repeat(32) as DeviceId,
    body: new Uint8Array(bodyBytes),
  })

  test('P81 a node fills Redis with the ends of logs only so far, and for half a minute', async () => {
    await client.flushAll()
    let now = 1_000_000
    const tail = createRedisSharedTail(client, { now: () => now }, PATIENT_MS)
    const event = eventOf(200 * 1024)
    for (let number = 0; number < 200; number++) tail.keep(conversation(number), [event])
    const kept = await client.dbSize()
    expect(kept).toBeGreaterThan(50)
    expect(kept).toBeLessThan(100)
    const timeLeftMs = await client.pTTL(`tail:${conversation(0)}`)
    expect(timeLeftMs).toBeGreaterThan(0)
    expect(timeLeftMs).toBeLessThanOrEqual(30_000)
    now += 30_000
    tail.keep(conversation(300), [event])
    expect(await tail.read(conversation(300), 0, 1)).toHaveLength(1)
    await client.flushAll()
  })

  test('P40 what somebody else has left under the name of a conversation is not given', async () => {
    const tail = createRedisSharedTail(client, clock, PATIENT_MS)
    tail.keep(conversation(1), [eventOf(8)])
    const key = `tail:${conversation(1)}`
    await client.rename(key, `tail:${conversation(2)}`)
    await client.set(key, 'nonsense, and more of it than a length')
    expect(await tail.read(conversation(1), 0, 1)).toBeUndefined()
    expect(await tail.read(conversation(2), 0, 1)).toBeUndefined()
  })

  test('nodes share the ends of logs where there are several', async () => {
    const config = parseConfig({
      REDIS_URL: server.url,
      USER_DATABASE_URL: 'postgresql://localhost/users',
      CHAT_DATABASE_URL: 'postgresql://localhost/chat',
      KAFKA_BROKERS: 'localhost:9092',
    })
    const several = await openShared(config, { clock: systemClock, log })
    several.part.tail?.keep(conversation(7), [eventOf(8)])
    await expect.poll(() => client.exists(`tail:${conversation(7)}`)).toBe(1)
    await several.close()
    const alone = await openShared(parseConfig({ REDIS_URL: server.url }), { clock: systemClock, log })
    expect(alone.part.tail).toBeUndefined()
    await alone.close()
  })

  test('a bucket that is full again is forgotten', async () => {
    await client.flushAll()
    const cache = createRedisCache(client, clock)
    await cache.spend('limit', { capacity: 2, perMinute: 600 })
    expect(await client.dbSize()).toBe(1)
    await expect.poll(() => client.dbSize(), { timeout: 2000 }).toBe(0)
  })

  test('two nodes share what somebody may do', async () => {
    const other = await connectRedis({ url: server.url, log })
    const [one, two] = [createRedisCache(client, clock), createRedisCache(other, clock)]
    const bucket = { capacity: 4, perMinute: 1 }
    const waits = await Promise.all([one, two, one, two, one, two].map(cache => cache.spend('both', bucket)))
    expect(waits.filter(wait => wait === 0)).toHaveLength(4)
    other.destroy()
  })

  test('while it is away limits hold on each node, the rest is refused; then everything goes on', async () => {
    const cache = createRedisCache(client, clock)
    const bucket = { capacity: 3, perMinute: 1 }
    await server.kill9()
    const failure = await cache.get('key').catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(ProtocolError)
    expect(failure).toMatchObject({ code: 'SERVER_UNAVAILABLE' })
    await expect(cache.set('key', 'value', 1000)).rejects.toMatchObject({ code: 'SERVER_UNAVAILABLE' })
    const waits = [1, 2, 3, 4, 5].map(() => cache.spend('alone', bucket))
    expect((await Promise.all(waits)).filter(wait => wait === 0)).toHaveLength(3)
    await server.restart()
    await expect
      .poll(() => cache.set('key', 'value', 1000).then(() => cache.get('key')), { timeout: 5000 })
      .toBe('value')
  })

  test('one that answers nobody makes nobody wait for long', async () => {
    const cache = createRedisCache(client, clock)
    let now = 1_000_000
    const tail = createRedisSharedTail(client, { now: () => now }, PATIENT_MS)
    tail.keep(conversation(1), [eventOf(8)])
    expect(await tail.read(conversation(1), 0, 1)).toHaveLength(1)
    server.pause()
    const startedAt = performance.now()
    expect(await tail.read(conversation(1), 0, 1)).toBeUndefined()
    await expect(cache.get('key')).rejects.toMatchObject({ code: 'SERVER_UNAVAILABLE' })
    expect(await cache.spend('stalled', { capacity: 3, perMinute: 1 })).toBe(0)
    expect(performance.now() - startedAt).toBeLessThan(10_000)
    server.resume()
    // It is asked again after a while, and not before.
    expect(await tail.read(conversation(1), 0, 1)).toBeUndefined()
    now += 5000
    expect(await tail.read(conversation(1), 0, 1)).toHaveLength(1)
    await expect
      .poll(
        () =>
          cache.get('key').then(
            () => true,
            () => false,
          ),
        { timeout: 5000 },
      )
      .toBe(true)
  })
})
