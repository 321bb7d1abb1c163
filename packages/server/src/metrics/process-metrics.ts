import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Log } from '../logging.ts'
import type { Registry } from './registry.ts'

const RESOLUTION_MS = 20
const LOOK_EVERY_MS = 1000

/** The process as the system sees it, and how long its event loop kept others waiting. Answers with its end. */
export function watchProcess(
  registry: Registry,
  { log, slowMs }: { readonly log: Log; readonly slowMs: number },
): () => void {
  // One to be read by whoever asks, one for the log: each begins anew when it was looked at.
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  const lately = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  delay.enable()
  lately.enable()
  const timer = setInterval(() => {
    const worstMs = lately.max / 1e6
    lately.reset()
    if (worstMs >= slowMs) log.warn('slow', { operation: 'event loop', durationMs: Math.round(worstMs) })
  }, LOOK_EVERY_MS).unref()

  const startedAt = Date.now() / 1000 - process.uptime()
  registry.gauge('process_start_time_seconds', 'When the process began, since 1970.', () => startedAt)
  registry.gauge('process_resident_memory_bytes', 'Memory of the process.', () => process.memoryUsage.rss())
  registry.gauge(
    'process_heap_used_bytes',
    'JavaScript objects of the process.',
    () => process.memoryUsage().heapUsed,
  )
  registry.gauge('process_cpu_seconds', 'Processor time, of the user and the system together.', () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1e6
  })
  registry.gauge('event_loop_delay_seconds', 'Since somebody last asked.', () => {
    const seconds = (nanoseconds: number) => (Number.isFinite(nanoseconds) ? nanoseconds / 1e9 : 0)
    const readings = [
      { labels: { quantile: '0.5' }, value: seconds(delay.percentile(50)) },
      { labels: { quantile: '0.99' }, value: seconds(delay.percentile(99)) },
      { labels: { quantile: '1' }, value: delay.count === 0 ? 0 : seconds(delay.max) },
    ]
    delay.reset()
    return readings
  })
  return () => {
    clearInterval(timer)
    delay.disable()
    lately.disable()
  }
}
