import type { LoadOptions, Measured } from '../load/load.ts'
import { type Contender, medianOf, playRounds, type Rounds, usedSeconds } from '../load/rounds.ts'
import { type SeededDevice, seedDevices } from '../load/seed.ts'
import { OURS, onStage, type Stage } from '../load/stage.ts'
import type { TrafficPlan } from '../load/traffic.ts'
import { startEjabberd } from '../peers/ejabberd.ts'
import { createEmptyDatabase } from '../peers/peer-database.ts'
import { startProsody } from '../peers/prosody.ts'
import type { Report } from '../report.ts'

type Options = Rounds & LoadOptions

const DEVICES = 1000
const OUTSTANDING = 100
const EJABBERD = 'ejabberd, archive'
const PROSODY = 'Prosody, archive'
/** Messages for a processor second of the server and the database together. */
const GOALS: Readonly<Record<string, number>> = { [EJABBERD]: 5, [PROSODY]: 8 }
const PLAN: TrafficPlan = {
  arrival: { kind: 'closed', outstanding: OUTSTANDING },
  until: 'delivered',
}

async function enterPeers(
  report: Report,
  { measured: { view, server }, enterProgram }: Stage,
  devices: readonly SeededDevice[],
): Promise<Contender[]> {
  const numbers = devices.map(device => device.number)
  const empty = (name: string) => createEmptyDatabase(view, server.dataDir, name)
  const contenders: Contender[] = []
  const ejabberd = await startEjabberd(numbers, view, await empty('bench_ejabberd'))
  if (ejabberd === undefined)
    report.say(`  ${EJABBERD}: not installed, skipped: apt-get install ejabberd erlang-p1-pgsql`)
  else contenders.push(await enterProgram({ name: EJABBERD, program: ejabberd, kind: 'xmpp', devices }))
  const prosody = await startProsody(numbers, await empty('bench_prosody'))
  if (prosody === undefined)
    report.say(`  ${PROSODY}: not installed, skipped: apt-get install prosody lua-dbi-postgresql`)
  else contenders.push(await enterProgram({ name: PROSODY, program: prosody, kind: 'xmpp', devices }))
  return contenders
}

/** From one person to the other, kept on the way: by us in one log, by XMPP servers in an archive of each of the two. */
export async function benchEndToEnd(report: Report, options: Options): Promise<void> {
  report.say(`${DEVICES} people, each talking with one other, ${OUTSTANDING} messages under way:`)
  await onStage({ ...options, databaseOverTcp: true }, async stage => {
    const devices = await seedDevices(stage.measured.view, { first: 0, count: DEVICES, size: 2 })
    const ours = await stage.enterOurs(OURS, devices)
    const contenders = [ours, ...(await enterPeers(report, stage, devices))]
    const results = await playRounds(stage.load, contenders, PLAN, options)
    for (const { name: peer } of contenders.slice(1)) {
      const of = (read: (one: Measured) => number) => ({
        value: medianOf(results.get(OURS), read),
        peer,
        peerValue: medianOf(results.get(peer), read),
      })
      const goal = GOALS[peer]
      report.add({
        measure: 'delivered, a processor second in all',
        unit: 'messages',
        ...of(one => one.completed / usedSeconds(one, 'server', 'database')),
        ...(goal === undefined ? {} : { ratioAtLeast: goal }),
      })
      report.add({ measure: '… a second', unit: 'messages', ...of(one => one.completed / one.seconds) })
      report.add({ measure: '… p50', unit: 'ms', ...of(one => one.latencies.percentile(0.5)) })
      report.add({ measure: '… p99', unit: 'ms', ...of(one => one.latencies.percentile(0.99)) })
    }
  })
}
