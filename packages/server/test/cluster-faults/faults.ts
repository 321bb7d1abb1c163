import { setTimeout as sleep } from 'node:timers/promises'
import type { Cluster, FarNode, ReplicatedDatabases, WireName } from '@entangle/testkit/cluster'
import { type JumpingClock, kill9 } from '@entangle/testkit/faults'
import type { SeededRandom, ServerProcess } from '@entangle/testkit/harness'
import type { Cast } from '../faults/cast.ts'
import { everybodyConnected, measureGaps } from './gaps.ts'

export type Stage = {
  readonly cluster: Cluster
  readonly databases: ReplicatedDatabases
  /** Where the last chat node lies. */
  readonly farNode: FarNode
  /** Of the first chat node. */
  readonly clock: JumpingClock
  readonly cast: Cast
  readonly random: SeededRandom
  readonly lengths: Lengths
  /** Of everybody whose chat node was killed, in milliseconds. */
  readonly gaps: number[]
  readonly complaints: string[]
}

type Range = readonly [leastMs: number, mostMs: number]
/** How long what is away stays away. */
export type Lengths = { readonly usual: Range; readonly kafka: Range }

/** Answers with the number of processes it killed. */
type Fault = (stage: Stage) => Promise<number>

const HOUR_MS = 3600 * 1000

async function killServer(server: ServerProcess): Promise<number> {
  await server.kill9()
  await server.restart()
  return 1
}

async function killChatNode({ cluster, cast, random, gaps }: Stage): Promise<number> {
  const node = random.pick(cluster.chat)
  await everybodyConnected(cast)
  const since = performance.now()
  await node.kill9()
  const restarting = node.restart()
  gaps.push(...(await measureGaps(cast, since)))
  await restarting
  return 1
}

/** Whoever has a socket goes on: something has to be answered meanwhile. */
async function staysAway(what: string, { cast, random, complaints }: Stage, range: Range): Promise<void> {
  const count = () => cast.devices.reduce((sum, { answered }) => sum + answered, 0)
  const before = count()
  await sleep(random.integer(...range))
  if (count() === before) complaints.push(`nothing was answered while ${what} was away`)
}

async function killKafka(stage: Stage): Promise<number> {
  const { brokers } = stage.cluster.kafka
  await Promise.all(brokers.map(broker => broker.kill9()))
  await staysAway('Kafka', stage, stage.lengths.kafka)
  await Promise.all(brokers.map(broker => broker.restart()))
  return brokers.length
}

/** All of them are there, and answer nobody. */
async function pauseKafka(stage: Stage): Promise<number> {
  const { brokers } = stage.cluster.kafka
  for (const broker of brokers) broker.pause()
  await staysAway('Kafka', stage, stage.lengths.usual)
  for (const broker of brokers) broker.resume()
  return 0
}

async function killBroker({ cluster, random }: Stage): Promise<number> {
  const broker = random.pick(cluster.kafka.brokers)
  await broker.kill9()
  await broker.restart()
  return 1
}

async function killRedis(stage: Stage): Promise<number> {
  const { redis } = stage.cluster
  await redis.kill9()
  await staysAway('Redis', stage, stage.lengths.usual)
  await redis.restart()
  return 1
}

async function pauseRedis(stage: Stage): Promise<number> {
  const { redis } = stage.cluster
  redis.pause()
  await staysAway('Redis', stage, stage.lengths.usual)
  redis.resume()
  return 0
}

async function flushRedis({ cluster }: Stage): Promise<number> {
  await cluster.redis.tell('FLUSHALL')
  return 0
}

async function killPrimary({ databases }: Stage): Promise<number> {
  await databases.primary().kill9()
  await databases.primary().restart()
  return 1
}

/** Nothing can be committed meanwhile. */
async function killStandby({ databases, random, lengths }: Stage): Promise<number> {
  await databases.standby().kill9()
  await sleep(random.integer(...lengths.usual))
  await databases.standby().restart()
  return 1
}

async function failOver({ databases }: Stage): Promise<number> {
  await databases.failOver()
  return 1
}

async function killNginxWorker({ cluster, random }: Stage): Promise<number> {
  return kill9(random.pick(await cluster.nginx.workers())) ? 1 : 0
}

/** What it leaves behind would go on serving, and keep its port. */
async function killNginx({ cluster }: Stage): Promise<number> {
  const workers = await cluster.nginx.workers()
  await cluster.nginx.kill9()
  for (const worker of workers) kill9(worker)
  await cluster.nginx.restart()
  return 1 + workers.length
}

/** Refused, or silent, as networks are. */
const partFrom =
  (name: WireName): Fault =>
  async ({ farNode, random, lengths }) => {
    const isSilent = random.next() < 0.5
    for (const wire of farNode.wires(name)) isSilent ? wire.hold() : wire.cut()
    await sleep(random.integer(...lengths.usual))
    for (const wire of farNode.wires(name)) wire.heal()
    return 0
  }

async function partFromAll({ farNode, random, lengths }: Stage): Promise<number> {
  await farNode.part()
  await sleep(random.integer(...lengths.usual))
  await farNode.join()
  return 0
}

async function replaceAll(servers: readonly ServerProcess[]): Promise<void> {
  for (const server of servers) {
    const code = await server.stop()
    if (code !== 0) {
      throw new Error(`asked to end, it ended with ${String(code)}:\n${server.output().slice(-2000)}`)
    }
    await server.restart()
  }
}

/** A new version everywhere: of each kind one process after the other. */
async function deploy({ cluster: { auth, keys, chat } }: Stage): Promise<number> {
  await Promise.all([auth, keys, chat].map(replaceAll))
  return 0
}

async function jumpClock({ clock, cluster, random }: Stage): Promise<number> {
  const pid = cluster.chat[0]?.pid()
  await clock.jump(random.pick([-HOUR_MS, -60_000, 60_000, HOUR_MS, 25 * HOUR_MS]), pid)
  await sleep(2000)
  await clock.jump(0, pid)
  return 0
}

export const FAULTS = {
  'chat node killed': killChatNode,
  'auth killed': ({ cluster, random }) => killServer(random.pick(cluster.auth)),
  'keys killed': ({ cluster, random }) => killServer(random.pick(cluster.keys)),
  'database killed': killPrimary,
  'standby killed': killStandby,
  'database failed over': failOver,
  'Redis killed': killRedis,
  'Redis flushed': flushRedis,
  'Redis paused': pauseRedis,
  'Kafka broker killed': killBroker,
  'Kafka away': killKafka,
  'Kafka paused': pauseKafka,
  'NGINX worker killed': killNginxWorker,
  'NGINX killed': killNginx,
  'chat node parted from Kafka': partFrom('kafka'),
  'chat node parted from the database': partFrom('database'),
  'chat node parted from Redis': partFrom('redis'),
  'chat node parted from all': partFromAll,
  'clock of a chat node jumped': jumpClock,
  'rolling deploy': deploy,
} as const satisfies Record<string, Fault>

export type FaultName = keyof typeof FAULTS

/** How often each comes in a long run. */
export const WEIGHTS: Readonly<Record<FaultName, number>> = {
  'chat node killed': 8,
  'auth killed': 2,
  'keys killed': 2,
  'database killed': 3,
  'standby killed': 1,
  'database failed over': 3,
  'Redis killed': 2,
  'Redis flushed': 2,
  'Redis paused': 2,
  'Kafka broker killed': 3,
  'Kafka away': 1,
  'Kafka paused': 2,
  'NGINX worker killed': 1,
  'NGINX killed': 1,
  'chat node parted from Kafka': 2,
  'chat node parted from the database': 2,
  'chat node parted from Redis': 1,
  'chat node parted from all': 2,
  'clock of a chat node jumped': 1,
  'rolling deploy': 2,
}
