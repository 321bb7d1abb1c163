import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { missingForCluster, startCluster, startDatabases } from '@entangle/testkit/cluster'
import type { Target } from '../load/fleet.ts'
import { type LoadOptions, type Measured, type Probes, startLoad } from '../load/load.ts'
import { processorSeconds, treeProcessorSeconds } from '../load/processor-time.ts'
import { type Contender, medianOf, playRounds, type Rounds, usedSeconds } from '../load/rounds.ts'
import { seedDevices } from '../load/seed.ts'
import type { Report } from '../report.ts'

type Options = Rounds & LoadOptions

const NODES = [1, 2, 4] as const
const CHAT_NODES = 4
const DEVICES = 1000
/** Under way are as many messages as make so many deliveries, within reason. */
const DELIVERIES_UNDER_WAY = 30_000
const MOST_OUTSTANDING = 1000
/** A broker that has just been started compiles its code for a while. */
const WARM_UP_SECONDS = 20
/** Between the numbers of conversations of two sizes. */
const APART = 10_000
/** Devices in a conversation; members of each are dealt out to all nodes. */
const SIZES = [10, 100, 2] as const
/** Processor time of a delivery with several nodes, against one node's; of people who write in groups. */
const MOST = 1.3
const JUDGED_SIZES: ReadonlySet<number> = new Set([10, 100])

const PARTS = ['server', 'bus', 'database'] as const
const nameOf = (nodes: number, size: number): string => `${String(nodes)} of ${String(size)}`
const perDelivery = (one: Measured, ...parts: readonly string[]): number =>
  (usedSeconds(one, ...parts) * 1e6) / one.deliveries

/**
 * The same people on one chat node, on two and on four, of one cluster: nodes that have nobody for a message are not
 * told of it. Everything is counted: chat nodes, Kafka and Redis between them, PostgreSQL.
 */
export async function benchCluster(report: Report, options: Options): Promise<void> {
  const missing = missingForCluster()
  if (missing.length > 0) throw new Error(`Missing: ${missing.join(', ')}.`)
  const endings: (() => unknown)[] = []
  try {
    const databases = await startDatabases()
    endings.push(() => databases.dispose())
    const cluster = await startCluster({
      size: { auth: 1, keys: 1, chat: CHAT_NODES, kafka: 3 },
      databases: databases.env,
      kafkaFor: 'speed',
      env: { RATE_LIMITS: 'off-for-benchmarks' },
    })
    endings.push(() => cluster.dispose())
    const view = await databases.openView()
    endings.push(() => view.close())
    const load = startLoad(options)
    endings.push(() => load.end())

    const pidFile = await readFile(join(databases.dataDir, 'postgres', 'postmaster.pid'), 'utf8')
    const sum = async (pids: readonly (number | undefined)[]) =>
      (await Promise.all(pids.map(pid => processorSeconds(pid ?? 0)))).reduce((all, one) => all + one, 0)
    const probes: Probes = {
      server: () => sum(cluster.chat.map(node => node.pid())),
      bus: () => sum([cluster.redis, ...cluster.kafka.brokers].map(service => service.pid())),
      database: () => treeProcessorSeconds(Number(pidFile.split('\n')[0])),
    }

    for (const [at, size] of SIZES.entries()) {
      let first = at * APART * size
      const outstanding = Math.min(MOST_OUTSTANDING, DELIVERIES_UNDER_WAY / size)
      report.say(`${DEVICES} people in conversations of ${size}, ${outstanding} messages under way:`)
      const contenders: Contender[] = []
      for (const nodes of NODES) {
        const devices = await seedDevices(view, { first, count: DEVICES, size })
        first += DEVICES
        const target: Target = {
          kind: 'entangle',
          port: Number(new URL(cluster.url).port),
          socketPorts: cluster.chat.slice(0, nodes).map(node => node.port),
        }
        await load.open(nameOf(nodes, size), target, devices)
        contenders.push({ name: nameOf(nodes, size), probes })
      }
      const plan = { arrival: { kind: 'closed', outstanding }, until: 'delivered' } as const
      const widest = nameOf(CHAT_NODES, size)
      if (at === 0) await load.measure(widest, plan, WARM_UP_SECONDS, probes)
      const results = await playRounds(load, contenders, plan, options)
      reportSize(report, size, results)
      for (const { name } of contenders) await load.close(name)
    }
  } finally {
    for (const end of endings.reverse()) await end()
  }
}

function reportSize(report: Report, size: number, results: ReadonlyMap<string, readonly Measured[]>): void {
  for (const nodes of NODES) {
    const of = (read: (one: Measured) => number) => ({
      value: medianOf(results.get(nameOf(nodes, size)), read),
      peer: 'one node',
      peerValue: medianOf(results.get(nameOf(1, size)), read),
    })
    const limit = nodes > 1 && JUDGED_SIZES.has(size) ? { ratioAtMost: MOST } : {}
    const measure = `${nodes} chat nodes, processor time a delivery in all`
    report.add({ measure, unit: 'µs', ...of(one => perDelivery(one, ...PARTS)), ...limit })
    for (const part of PARTS)
      report.add({ measure: `… of ${part}`, unit: 'µs', ...of(one => perDelivery(one, part)) })
    report.add({
      measure: '… deliveries a second',
      unit: 'thousand',
      ...of(one => one.deliveries / 1000 / one.seconds),
    })
    report.add({
      measure: '… until the last has it, p50',
      unit: 'ms',
      ...of(one => one.latencies.percentile(0.5)),
    })
  }
}
