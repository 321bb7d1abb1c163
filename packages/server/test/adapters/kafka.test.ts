import { eventBusContract } from '@entangle/testkit/contracts/event-bus'
import { findKafka, type KafkaCluster, startKafka } from '@entangle/testkit/services'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openKafkaEventBus } from '../../src/adapters/kafka/kafka-event-bus.ts'
import { createLog } from '../../src/logging.ts'
import type { EventCodec } from '../../src/ports/event-bus.ts'

const codec: EventCodec<string> = {
  encode: event => new TextEncoder().encode(event),
  decode: bytes => new TextDecoder().decode(bytes),
}
/** Where everything has to be tested, one that is not there is a failure. */
const canRun = findKafka() !== undefined || process.env['CI'] === 'true'

describe.skipIf(!canRun)('with a real Kafka', () => {
  let cluster: KafkaCluster
  let topics = 0
  beforeAll(async () => {
    cluster = await startKafka()
  }, 120_000)
  afterAll(async () => {
    await cluster?.dispose()
  })

  const open = (topic: string, clock = { now: () => Date.now() }) =>
    openKafkaEventBus({
      brokers: cluster.bootstrap,
      topic,
      slots: 8,
      codec,
      clock,
      log: createLog('silent'),
    })

  eventBusContract('Kafka', async () => {
    topics += 1
    const bus = await open(`contract-${String(topics)}`)
    return { bus, destroy: () => bus.close() }
  })

  test('what one node publishes another reads', async () => {
    const [one, two] = [await open('nodes'), await open('nodes')]
    const seen: string[] = []
    await two.subscribe('5', events => seen.push(...events)).ready
    one.publish([{ slots: ['5'], event: 'from afar' }])
    await expect.poll(() => seen).toEqual(['from afar'])
    await Promise.all([one.close(), two.close()])
  })

  test('what was dropped because the broker was away for long is told, also where nothing follows it', async () => {
    let lead = 0
    const bus = await open('dropped', { now: () => Date.now() + lead })
    let gaps = 0
    const missed = () => {
      gaps += 1
    }
    await bus.subscribe('1', () => undefined, missed).ready
    const [broker] = cluster.brokers
    broker?.pause()
    for (let count = 0; count < 10; count++) bus.publish([{ slots: ['1'], event: 'lost' }])
    await new Promise(resolve => setTimeout(resolve, 100))
    lead = 60_000
    await new Promise(resolve => setTimeout(resolve, 6000))
    broker?.resume()
    await expect.poll(() => gaps, { timeout: 20_000 }).toBeGreaterThan(0)
    await bus.close()
  })

  test('while the broker is away nobody waits; what it came back for in time arrives, in order', async () => {
    const bus = await open('away')
    const seen: string[] = []
    await bus.subscribe('1', events => seen.push(...events)).ready
    bus.publish([{ slots: ['1'], event: 'before' }])
    await expect.poll(() => seen).toEqual(['before'])
    const [broker] = cluster.brokers
    broker?.pause()
    const startedAt = performance.now()
    for (let count = 0; count < 100; count++)
      bus.publish([{ slots: ['1'], event: `while away ${String(count)}` }])
    expect(performance.now() - startedAt).toBeLessThan(1000)
    await new Promise(resolve => setTimeout(resolve, 2000))
    broker?.resume()
    await expect.poll(() => new Set(seen).size, { timeout: 30_000 }).toBe(101)
    const firsts = seen.filter((event, at) => seen.indexOf(event) === at)
    expect(firsts).toEqual(['before', ...Array.from({ length: 100 }, (_, at) => `while away ${String(at)}`)])
    await bus.close()
  })
})
