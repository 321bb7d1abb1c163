import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { parseConfig } from '../../src/config.ts'
import { createLog } from '../../src/logging.ts'
import { watchProcess } from '../../src/metrics/process-metrics.ts'
import { createRegistry } from '../../src/metrics/registry.ts'
import { createServerMetrics } from '../../src/metrics/server-metrics.ts'

test('figures are written as Prometheus reads them', () => {
  const registry = createRegistry()
  const messages = registry.counter('messages_total', 'By outcome.')
  messages.add(2, { outcome: 'accepted' })
  messages.add(1, { outcome: 'accepted' })
  messages.add(1, { outcome: 'a "b" \\ c\nd' })
  registry.gauge('connections', 'Open ones.', () => 7)
  registry.gauge('pool', 'By state.', () => [{ labels: { state: 'idle' }, value: 3 }])
  const times = registry.histogram('seconds', 'Times.', [0.1, 1])
  for (const value of [0.05, 0.1, 0.5, 3]) times.observe(value)
  expect(registry.expose()).toBe(`# HELP entangle_messages_total By outcome.
# TYPE entangle_messages_total counter
entangle_messages_total{outcome="accepted"} 3
entangle_messages_total{outcome="a \\"b\\" \\\\ c\\nd"} 1
# HELP entangle_connections Open ones.
# TYPE entangle_connections gauge
entangle_connections 7
# HELP entangle_pool By state.
# TYPE entangle_pool gauge
entangle_pool{state="idle"} 3
# HELP entangle_seconds Times.
# TYPE entangle_seconds histogram
entangle_seconds_bucket{le="0.1"} 2
entangle_seconds_bucket{le="1"} 3
entangle_seconds_bucket{le="+Inf"} 4
entangle_seconds_sum 3.65
entangle_seconds_count 4
`)
})

test('what took long is logged by its name alone', () => {
  const lines: string[] = []
  const log = createLog('info', { write: line => lines.push(line) })
  const metrics = createServerMetrics({ log, slowMs: 100 })
  metrics.request('readEvents', 200, 99)
  metrics.batch(10, 99)
  metrics.fanOut(10, 99)
  expect(lines).toEqual([])
  metrics.request('readEvents', 200, 250.4)
  metrics.batch(12, 100)
  metrics.fanOut(3, 101)
  const said = lines.map(line => {
    const { time: _, ...rest } = JSON.parse(line)
    return rest
  })
  expect(said).toEqual([
    { level: 40, msg: 'slow', operation: 'readEvents', durationMs: 250 },
    { level: 40, msg: 'slow', operation: 'ingest', durationMs: 100, count: 12 },
    { level: 40, msg: 'slow', operation: 'fan-out', durationMs: 101, count: 3 },
  ])
})

test('METRICS_LISTEN is off, a port of the loopback interface, or an address and a port', () => {
  const read = (text?: string) => parseConfig({ METRICS_LISTEN: text }).metricsListen
  expect(read()).toBeUndefined()
  expect(read('off')).toBeUndefined()
  expect(read('9420')).toEqual({ host: '127.0.0.1', port: 9420 })
  expect(read('10.0.0.5:9420')).toEqual({ host: '10.0.0.5', port: 9420 })
  expect(read('[::1]:9420')).toEqual({ host: '::1', port: 9420 })
  for (const text of ['on', ':9420', '10.0.0.5', '70000', 'a b:1'])
    expect(() => read(text)).toThrow('METRICS_LISTEN')
})

test('an event loop that was held up is named', async () => {
  const lines: string[] = []
  const log = createLog('info', { write: line => lines.push(line) })
  const stop = watchProcess(createRegistry(), { log, slowMs: 200 })
  try {
    await sleep(50)
    const until = performance.now() + 300
    while (performance.now() < until);
    await sleep(1100)
    expect(lines.map(line => JSON.parse(line))).toContainEqual(
      expect.objectContaining({ msg: 'slow', operation: 'event loop', durationMs: expect.any(Number) }),
    )
  } finally {
    stop()
  }
})
