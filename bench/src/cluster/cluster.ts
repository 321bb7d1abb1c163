import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { missingForCluster, startCluster, startDatabases } from '@entangle/testkit/cluster'
import { createEndings } from '@entangle/testkit/harness'
import type { Target } from '../load/fleet.ts'
import { type LoadOptions, type Measured, type Plan, type Probes, startLoad } from '../load/load.ts'
import { processorSeconds, treeProcessorSeconds } from '../load/processor-time.ts'
import { type Contender, medianOf, playRounds, type Rounds, usedSeconds } from '../load/rounds.ts'
import { seedDevices } from '../load/seed.ts'
import type { TrafficPlan } from '../load/traffic.ts'
import type { Report } from '../report.ts'

type Options = Rounds & LoadOptions

const NODES = [1, 2, 4] as const
const CHAT_NODES = 4
/** Devices in a conversation; members of each are dealt out to all nodes. */
const SIZES = [10, 100, 2] as const
/** Between the numbers of conversations of two sizes. */
const APART = 10_000
/** A broker that has just been started compiles its code for a while. */
const WARM_UP_SECONDS = 20
/** Processor time of a delivery with several nodes, against one node's; of people who write in groups. */
const MOST = 1.3
const JUDGED_SIZES: ReadonlySet<number> = new Set([10, 100])

type Scene = {
  readonly says: string
  readonly people: (nodes: number) => number
  readonly plan: (nodes: number, size: number) => TrafficPlan
}

const everyNode = (nodes: number, perSecond: number): TrafficPlan => ({
  arrival: { kind: 'open', perSecond: nodes * perSecond },
  until: 'delivered',
})

const SCENES: readonly Scene[] = [
  {
    // Nobody adds a second node to this one: what is asked and renewed every second weighs as much as what is delivered.
    says: 'every node with little to do, 200 people to whom up to 6,000 messages a second are delivered',
    people: nodes => 200 * nodes,
    plan: (nodes, size) => everyNode(nodes, Math.min(600, 6000 / size)),
  },
  {
    // What nodes are added for. One is busy for more than a quarter of its core, and four still fit on a small machine.
    says: 'every node busy, 200 people who write 1,200 messages a second, of 100 people 240',
    people: nodes => 200 * nodes,
    plan: (nodes, size) => everyNode(nodes, Math.min(1200, 24_000 / size)),
  },
  {
    // On one machine each of four nodes has a quarter of what one alone has to do, and takes every batch for fewer.
    says: 'the same 1,000 people dealt out to the nodes, who write as fast as the machine takes it',
    people: () => 1000,
    // As many as make so many deliveries, within reason.
    plan: (_, size) => ({
      arrival: { kind: 'closed', outstanding: Math.min(1000, 30_000 / size) },
      until: 'delivered',
    }),
  },
]

const PARTS = ['chat nodes', 'brokers', 'Redis', 'database'] as const
/** One node tells nobody: what brokers take that stand idle beside it is not its. */
const partsOf = (nodes: number) => PARTS.filter(part => nodes > 1 || part !== 'brokers')
const nameOf = (nodes: number): string => `on ${String(nodes)}`
const perDelivery = (one: Measured, ...parts: readonly string[]): number =>
  (usedSeconds(one, ...parts) * 1e6) / one.deliveries

/**
 * One chat node, two and four of one cluster: nodes that have nobody for a message are not told of it. Everything is
 * counted: chat nodes, Kafka and Redis between them, PostgreSQL.
 */
export async function benchCluster(report: Report, options: Options): Promise<void> {
  const missing = missingForCluster()
  if (missing.length > 0) throw new Error(`Missing: ${missing.join(', ')}.`)
  const endings = createEndings()
  try {
    const databases = await startDatabases()
    endings.add(() => databases.dispose())
    const cluster = await startCluster({
      size: { auth: 1, keys: 1, chat: CHAT_NODES, kafka: 3 },
      databases: databases.env,
      kafkaFor: 'speed',
      env: { RATE_LIMITS: 'off-for-benchmarks' },
    })
    endings.add(() => cluster.dispose())
    const view = await databases.openView()
    endings.add(() => view.close())
    const load = startLoad(options)
    endings.add(() => load.end())

    const pidFile = await readFile(join(databases.dataDir, 'postgres', 'postmaster.pid'), 'utf8')
    const sum = async (pids: readonly (number | undefined)[]) =>
      (await Promise.all(pids.map(pid => processorSeconds(pid ?? 0)))).reduce((all, one) => all + one, 0)
    const probes: Probes = {
      'chat nodes': () => sum(cluster.chat.map(node => node.pid())),
      brokers: () => sum(cluster.kafka.brokers.map(broker => broker.pid())),
      Redis: () => sum([cluster.redis.pid()]),
      database: () => treeProcessorSeconds(Number(pidFile.split('\n')[0])),
    }

    let isWarm = false
    for (const [at, size] of SIZES.entries()) {
      let first = at * APART * size
      for (const scene of SCENES) {
        report.say(`Conversations of ${size}, ${scene.says}:`)
        const contenders: (Contender & { readonly plan: Plan })[] = []
        for (const nodes of NODES) {
          const count = scene.people(nodes)
          const devices = await seedDevices(view, { first, count, size })
          first += count
          const target: Target = {
            kind: 'entangle',
            port: Number(new URL(cluster.url).port),
            socketPorts: cluster.chat.slice(0, nodes).map(node => node.port),
          }
          await load.open(nameOf(nodes), target, devices)
          contenders.push({ name: nameOf(nodes), probes, plan: scene.plan(nodes, size) })
        }
        const widest = scene.plan(CHAT_NODES, size)
        if (!isWarm) await load.measure(nameOf(CHAT_NODES), widest, WARM_UP_SECONDS, probes)
        isWarm = true
        reportScene(report, JUDGED_SIZES.has(size), await playRounds(load, contenders, widest, options))
        for (const { name } of contenders) await load.close(name)
      }
    }
  } finally {
    await endings.dispose()
  }
}

function reportScene(report: Report, isJudged: boolean, results: ReadonlyMap<string, readonly Measured[]>) {
  for (const nodes of NODES) {
    const of = (read: (one: Measured, nodes: number) => number) => ({
      value: medianOf(results.get(nameOf(nodes)), one => read(one, nodes)),
      peer: 'one node',
      peerValue: medianOf(results.get(nameOf(1)), one => read(one, 1)),
    })
    const limit = nodes > 1 && isJudged ? { ratioAtMost: MOST } : {}
    const measure = `${nodes} chat nodes, processor time a delivery in all`
    report.add({ measure, unit: 'µs', ...of((one, on) => perDelivery(one, ...partsOf(on))), ...limit })
    for (const part of partsOf(nodes))
      report.add({ measure: `… of ${part}`, unit: 'µs', ...of(one => perDelivery(one, part)) })
    report.add({
      measure: '… a chat node busy',
      unit: 'of a core',
      ...of((one, on) => usedSeconds(one, 'chat nodes') / on / one.seconds),
    })
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
