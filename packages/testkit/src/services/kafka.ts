import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { allOrNone, type Endings, openAll } from '../harness/endings.ts'
import { findFreePort } from '../harness/free-port.ts'
import { createTempDir } from '../harness/temp-dir.ts'
import { findProgram, type ServiceProcess, startService } from './service-process.ts'

/** Java, and the folder with Kafka's jars, where both are here. */
export function findKafka(): { readonly java: string; readonly jars: string } | undefined {
  const [java, jars] = [findProgram('java'), process.env['KAFKA_JARS']]
  return java === undefined || jars === undefined ? undefined : { java, jars }
}

export type KafkaCluster = {
  readonly bootstrap: readonly string[]
  /** The same for whoever comes by a wire of its own. */
  readonly bootstrapByWire: readonly string[]
  readonly brokers: readonly ServiceProcess[]
  /** With all that they keep. */
  readonly folder: string
  dispose(): Promise<void>
}

type Address = { readonly host: string; readonly port: number }
/** A wire that leads to a port of this machine. Kafka's clients go where the brokers say that they are. */
type WireTo = (port: number) => Promise<Address>
type Node = {
  readonly id: number
  readonly port: number
  readonly controllerPort: number
  readonly wire: { readonly port: number; readonly reachedAt: Address } | undefined
}

const HEAP = '-Xmx384m'

/** Each is broker and controller (KRaft); everything is replicated to all, as on one machine it can be. */
function settingsOf(node: Node, nodes: readonly Node[], folder: string): string {
  const replicas = String(Math.min(3, nodes.length))
  const own = `PLAINTEXT://127.0.0.1:${String(node.port)}`
  const ours = { listens: [own], tells: [own] }
  if (node.wire !== undefined) {
    const { port, reachedAt } = node.wire
    ours.listens.push(`WIRE://127.0.0.1:${String(port)}`)
    ours.tells.push(`WIRE://${reachedAt.host}:${String(reachedAt.port)}`)
  }
  return Object.entries({
    'node.id': String(node.id),
    'process.roles': 'broker,controller',
    listeners: [...ours.listens, `CONTROLLER://127.0.0.1:${String(node.controllerPort)}`].join(','),
    'advertised.listeners': ours.tells.join(','),
    'inter.broker.listener.name': 'PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,WIRE:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'controller.quorum.voters': nodes
      .map(({ id, controllerPort }) => `${String(id)}@127.0.0.1:${String(controllerPort)}`)
      .join(','),
    'log.dirs': join(folder, `broker-${String(node.id)}`),
    'offsets.topic.replication.factor': replicas,
    'transaction.state.log.replication.factor': replicas,
    'default.replication.factor': replicas,
    'min.insync.replicas': nodes.length > 1 ? '2' : '1',
    'auto.create.topics.enable': 'false',
    'group.initial.rebalance.delay.ms': '0',
    'broker.session.timeout.ms': '6000',
  })
    .map(([name, value]) => `${name}=${value}`)
    .join('\n')
}

function runOnce(file: string, args: readonly string[], cwd: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
    let told = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', chunk => {
        told += String(chunk)
      })
    }
    child.once('error', reject)
    child.once('close', code => (code === 0 ? resolve() : reject(new Error(told))))
  })
}

const accepts = (port: number) =>
  new Promise<void>((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve()
    })
    socket.once('error', reject)
  })

async function makeWire(wireTo: WireTo) {
  const port = await findFreePort()
  return { port, reachedAt: await wireTo(port) }
}

const inWords = ({ host, port }: Address) => `${host}:${String(port)}`

/** A quick start for tests; or its own speed, once it has run for a while, for benchmarks. */
export type KafkaPurpose = 'tests' | 'speed'

/** A cluster of Kafka brokers without Docker. An open port is not readiness: whoever uses it has to ask for metadata. */
export async function startKafka(
  size: 1 | 3 = 1,
  wireTo?: WireTo,
  purpose: KafkaPurpose = 'tests',
): Promise<KafkaCluster> {
  const found = findKafka()
  if (found === undefined) throw new Error('There is no Kafka here.')
  return openAll(endings => startBrokers(found, size, wireTo, purpose, endings))
}

async function startBrokers(
  found: NonNullable<ReturnType<typeof findKafka>>,
  size: 1 | 3,
  wireTo: WireTo | undefined,
  purpose: KafkaPurpose,
  endings: Endings,
): Promise<KafkaCluster> {
  const folder = await createTempDir('kafka')
  endings.add(() => folder.remove())
  const nodes: Node[] = []
  for (let id = 1; id <= size; id++) {
    const [port, controllerPort] = [await findFreePort(), await findFreePort()]
    nodes.push({ id, port, controllerPort, wire: wireTo && (await makeWire(wireTo)) })
  }
  // Kafka's tool would take one that begins with a dash for an option.
  const clusterId = randomBytes(16).toString('base64url').replace(/^-/, 'A')
  const java = (heap: string, ...args: readonly string[]) => [
    heap,
    '-XX:+UseSerialGC',
    ...(purpose === 'tests' ? ['-XX:TieredStopAtLevel=1'] : []),
    '-cp',
    join(found.jars, '*'),
    ...args,
  ]
  const brokers = await allOrNone(
    nodes.map(async node => {
      const settings = join(folder.path, `broker-${String(node.id)}.properties`)
      await writeFile(settings, settingsOf(node, nodes, folder.path))
      const format = java('-Xmx128m', 'kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', settings)
      await runOnce(found.java, format, folder.path)
      const broker = await startService({
        name: `Kafka broker ${String(node.id)}`,
        file: found.java,
        args: java(HEAP, 'kafka.Kafka', settings),
        cwd: folder.path,
        check: () => accepts(node.port),
        readyWithinMs: 120_000,
      })
      endings.add(() => broker.kill9())
      return broker
    }),
  )
  return {
    bootstrap: nodes.map(({ port }) => inWords({ host: '127.0.0.1', port })),
    bootstrapByWire: nodes.flatMap(({ wire }) => (wire === undefined ? [] : [inWords(wire.reachedAt)])),
    brokers,
    folder: folder.path,
    dispose: endings.dispose,
  }
}
