import { BODY_BYTES } from '../load/bodies.ts'
import type { Measured } from '../load/load.ts'
import { type Contender, medianOf, playRounds, type Rounds, usedSeconds } from '../load/rounds.ts'
import { seedDevices, seedLog } from '../load/seed.ts'
import { OURS, onStage } from '../load/stage.ts'
import type { Report } from '../report.ts'

type Options = Rounds & { readonly processes: number }

const DEVICES = 100
const EVENTS = 100
const READERS = 16
const FROM_LOG = 'from the log in PostgreSQL'

/**
 * Devices that come back and read the last hundred events: of conversations that were written to a moment ago, and,
 * beside them, of conversations that this server process has not seen yet.
 */
export async function benchCatchup(report: Report, options: Options): Promise<void> {
  report.say(
    `${READERS} of ${DEVICES} devices at once, each reading the last ${EVENTS} events of its conversation:`,
  )
  await onStage({ processes: options.processes }, async ({ measured, load, ours, enterOurs }) => {
    const recent = await seedDevices(measured.view, { first: 0, count: DEVICES, size: 2 })
    const older = await seedDevices(measured.view, { first: DEVICES, count: DEVICES, size: 2 })
    await seedLog(measured.view, older, { events: EVENTS, bodyBytes: BODY_BYTES })
    const writers = await enterOurs('writers', recent)
    await load.send(writers.name, (EVENTS * DEVICES) / 2)
    await load.close(writers.name)

    const contenders: Contender[] = [
      { name: OURS, probes: writers.probes },
      { name: FROM_LOG, probes: writers.probes },
    ]
    const plan = { port: ours.port, readers: READERS, events: EVENTS }
    await load.readers(OURS, { ...plan, devices: recent })
    await load.readers(FROM_LOG, { ...plan, devices: older })
    const results = await playRounds(load, contenders, 'read', options)
    const compare = (measure: string, unit: string, read: (one: Measured) => number) =>
      report.add({
        measure,
        unit,
        value: medianOf(results.get(OURS), read),
        peer: FROM_LOG,
        peerValue: medianOf(results.get(FROM_LOG), read),
      })
    compare(
      'caught up, a processor second',
      'devices',
      one => one.completed / usedSeconds(one, 'server', 'database'),
    )
    compare(
      '… of PostgreSQL alone',
      'devices',
      one => one.completed / Math.max(0.01, usedSeconds(one, 'database')),
    )
    compare('… p50', 'ms', one => one.latencies.percentile(0.5))
    compare('… p99', 'ms', one => one.latencies.percentile(0.99))
  })
}
