import { join } from 'node:path'
import process from 'node:process'
import type { LoadOptions, Measured } from '../load/load.ts'
import { type Contender, medianOf, playRounds, type Rounds, usedSeconds } from '../load/rounds.ts'
import { type SeededDevice, seedDevices } from '../load/seed.ts'
import { OURS, onStage, type Stage } from '../load/stage.ts'
import { fetchPackage } from '../peers/fetched-package.ts'
import { startNats } from '../peers/nats.ts'
import type { Report } from '../report.ts'

type Options = Rounds & LoadOptions

const RECEIVERS = 1000
const NAIVE = 'a `ws` send for each client'
/** A bound, not a peer: nothing is judged, nothing stored, nobody waited for. */
const LEAST = 'framed once and written'
const SOCKET_IO = 'Socket.IO, text'
const SOCKET_IO_VERSION = '4.8.4'
const NATS = 'NATS'
const BUN = 'bun publish'
const BUN_VERSION = '1.4.5'

/** Thousand deliveries for a processor second of the process that writes to the sockets. */
const perServerSecond = (one: Measured): number => one.deliveries / 1000 / usedSeconds(one, 'server')
/** The same with the PostgreSQL that the peers, who keep nothing, do not need. */
const perSecondInAll = (one: Measured): number =>
  one.deliveries / 1000 / usedSeconds(one, 'server', 'database')

/** What has to hold, by messages under way. */
const GOALS: ReadonlyMap<number, Readonly<Record<string, number>>> = new Map([
  [1, { [NAIVE]: 1.15 }],
  [16, { [NAIVE]: 8, [SOCKET_IO]: 10, [BUN]: 0.7, [NATS]: 2.5 }],
])

async function enterPeers(
  report: Report,
  stage: Stage,
  devices: readonly SeededDevice[],
): Promise<Contender[]> {
  const naive = { name: NAIVE, program: 'naive-server', options: { store: 'none' }, devices } as const
  const least = { ...naive, name: LEAST, options: { store: 'none', framesOnce: true } } as const
  const contenders = [await stage.enterPeer(naive), await stage.enterPeer(least)]
  const folder = await fetchPackage('socket.io', SOCKET_IO_VERSION)
  if (folder === undefined) report.say(`  ${SOCKET_IO}: not installed`)
  else {
    const peer = { name: SOCKET_IO, program: 'socket-io-server', options: { folder }, devices } as const
    contenders.push(await stage.enterPeer({ ...peer, kind: 'socket.io' }))
  }
  const bun = await fetchPackage(`@oven/bun-${process.platform}-${process.arch}`, BUN_VERSION)
  if (bun === undefined) report.say(`  ${BUN}: not installed`)
  else {
    const peer = { name: BUN, program: 'bun-server', options: {}, devices } as const
    contenders.push(await stage.enterPeer({ ...peer, execPath: join(bun, 'bin', 'bun') }))
  }
  const nats = await startNats()
  if (nats === undefined) report.say(`  ${NATS}: not installed, skipped: apt-get install nats-server`)
  else contenders.push(await stage.enterProgram({ name: NATS, program: nats, kind: 'nats', devices }))
  return contenders
}

/** One conversation with everybody in it: each message goes to all. Ours are durable before anybody gets them. */
export async function benchFanout(report: Report, options: Options): Promise<void> {
  report.say(`A conversation of ${RECEIVERS} connected devices, each message delivered to all of them:`)
  await onStage(options, async stage => {
    const devices = await seedDevices(stage.measured.view, { first: 0, count: RECEIVERS, size: RECEIVERS })
    const contenders = [await stage.enterOurs(OURS, devices), ...(await enterPeers(report, stage, devices))]
    for (const [outstanding, goals] of GOALS) {
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
        const goal = goals[peer]
        const limit = goal === undefined ? {} : { ratioAtLeast: goal }
        report.add({ measure, unit, ...of(perServerSecond), ...limit })
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
