import type { Measured } from '../load/load.ts'
import { type Contender, medianOf, playRounds, type Rounds, usedSeconds } from '../load/rounds.ts'
import { seedDevices } from '../load/seed.ts'
import { OURS, onStage } from '../load/stage.ts'
import type { Report } from '../report.ts'

type Options = Rounds & { readonly processes: number }

const RECEIVERS = 1000
const NAIVE = 'a `ws` send for each client'

/** Thousand deliveries for a processor second of the process that writes to the sockets. */
const perServerSecond = (one: Measured): number => one.deliveries / 1000 / usedSeconds(one, 'server')
/** The same with the PostgreSQL that the peers, who keep nothing, do not need. */
const perSecondInAll = (one: Measured): number =>
  one.deliveries / 1000 / usedSeconds(one, 'server', 'database')

const GOALS: ReadonlyMap<number, number> = new Map([
  [1, 1.15],
  [16, 8],
])

/** One conversation with everybody in it: each message goes to all. Ours are durable before anybody gets them. */
export async function benchFanout(report: Report, options: Options): Promise<void> {
  report.say(`A conversation of ${RECEIVERS} connected devices, each message delivered to all of them:`)
  await onStage(options, async stage => {
    const devices = await seedDevices(stage.measured.view, { first: 0, count: RECEIVERS, size: RECEIVERS })
    const contenders: Contender[] = [
      await stage.enterOurs(OURS, devices),
      await stage.enterPeer(NAIVE, 'naive-server', { store: 'none' }, devices),
    ]
    for (const [outstanding, goal] of GOALS) {
      const plan = { arrival: { kind: 'closed', outstanding }, until: 'delivered' } as const
      const results = await playRounds(stage.load, contenders, plan, options)
      const unit = 'thousand'
      for (const { name: peer } of contenders.slice(1)) {
        const of = (read: (one: Measured) => number) => ({
          value: medianOf(results.get(OURS), read),
          peer,
          peerValue: medianOf(results.get(peer), read),
        })
        const measure = `delivered, ${outstanding} outstanding, a processor second`
        report.add({ measure, unit, ...of(perServerSecond), ratioAtLeast: goal })
        report.add({ measure: '… with PostgreSQL', unit, ...of(perSecondInAll) })
        report.add({ measure: '… a second', unit, ...of(one => one.deliveries / 1000 / one.seconds) })
        report.add({
          measure: '… until the last has it, p50',
          unit: 'ms',
          ...of(one => one.latencies.percentile(0.5)),
        })
      }
    }
  })
}
