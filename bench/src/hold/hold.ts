import { setTimeout as sleep } from 'node:timers/promises'
import type { Load, Measured } from '../load/load.ts'
import { residentBytes } from '../load/processor-time.ts'
import { seedDevices } from '../load/seed.ts'
import { OURS, onStage } from '../load/stage.ts'
import type { TrafficPlan } from '../load/traffic.ts'
import type { Report } from '../report.ts'
import { median } from '../timing.ts'

type Options = {
  readonly processes: number
  readonly sockets: number
  readonly minutes: number
}

/** Few write, so that what the server remembers of conversations is full long before the last minutes. */
const WRITERS = 8
const RATE = 20
const WRITING = 'writing'
const READINGS_A_MINUTE = 12
/** Over so many minutes at the end nothing may grow. */
const LAST_MINUTES = 10
const GROWTH_PERCENT = 1

const PLAN: TrafficPlan = { arrival: { kind: 'open', perSecond: RATE }, until: 'acknowledged' }

/** Its memory in bytes: the median of a minute's readings, for a garbage collection is no leak. */
async function holdMinute(
  load: Load,
  read: () => Promise<number>,
): Promise<{ bytes: number; sent: Measured }> {
  const readings: number[] = []
  const seconds = 60
  const reading = (async () => {
    for (let at = 0; at < READINGS_A_MINUTE; at++) {
      await sleep((seconds * 1000) / READINGS_A_MINUTE)
      readings.push(await read())
    }
  })()
  const [sent] = await Promise.all([load.measure(WRITING, PLAN, seconds, {}), reading])
  await load.check(OURS)
  return { bytes: median(readings), sent }
}

/** Sockets that stay: pinged, told of nothing, while a few people write. */
export async function benchHold(report: Report, { processes, sockets, minutes }: Options): Promise<void> {
  report.say(
    `${sockets} connections held for ${minutes} minutes, ${RATE} messages a second among ${WRITERS} of them:`,
  )
  await onStage({ processes }, async ({ measured, load, ours }) => {
    const devices = await seedDevices(measured.view, { first: 0, count: sockets, size: 2 })
    await load.open(WRITING, ours, devices.slice(0, WRITERS))
    await load.open(OURS, ours, devices.slice(WRITERS))
    const held: number[] = []
    for (let minute = 1; minute <= minutes; minute++) {
      const { bytes, sent } = await holdMinute(load, () => residentBytes(measured.server.pid() ?? 0))
      held.push(bytes)
      report.add({ measure: `minute ${minute}: resident memory`, value: bytes / 1024 / 1024, unit: 'MiB' })
      report.add({ measure: '… acknowledgement, p99', value: sent.latencies.percentile(0.99), unit: 'ms' })
    }
    report.say('  no connection was lost')
    const last = held.at(-1) ?? Number.NaN
    const before = held.at(-1 - LAST_MINUTES)
    if (before === undefined) return report.say(`  too short to judge the last ${LAST_MINUTES} minutes`)
    const value = (last / before - 1) * 100
    report.add({
      measure: `growth in the last ${LAST_MINUTES} minutes`,
      value,
      unit: '%',
      atMost: GROWTH_PERCENT,
    })
  })
}
