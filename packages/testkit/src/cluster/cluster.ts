import { allOrNone, openAll } from '../harness/endings.ts'
import { findFreePort } from '../harness/free-port.ts'
import { type ServerProcess, startServer } from '../harness/server-process.ts'
import { createTempDir } from '../harness/temp-dir.ts'
import { findKafka, type KafkaCluster, type KafkaPurpose, startKafka } from '../services/kafka.ts'
import { type KongProcess, startKong } from '../services/kong.ts'
import { chooseNginxPorts, findNginx, type NginxProcess, startNginx } from '../services/nginx.ts'
import { findRedis, type RedisProcess, startRedis } from '../services/redis.ts'
import type { FarNode, WireName } from './far-node.ts'

export type ClusterSize = {
  readonly auth: number
  readonly keys: number
  readonly chat: number
  readonly kafka: 1 | 3
}

const LOOPBACK = '127.0.0.1'
const SERVICES = ['keys', 'auth', 'chat'] as const
type Service = (typeof SERVICES)[number]
type Env = Readonly<Record<string, string>>
type Part = {
  readonly server: ServerProcess
  readonly host: string
  readonly port: number
  readonly internalPort: number
}

type Options = {
  readonly size: ClusterSize
  readonly databases: { readonly USER_DATABASE_URL: string; readonly CHAT_DATABASE_URL: string }
  /** Of NGINX; a free one where nothing is said. */
  readonly port?: number
  readonly env?: Env | ((service: Service, index: number) => Env)
  readonly kafkaFor?: KafkaPurpose
  /** Between NGINX and the services. It has limits by address, and here all visitors have one address. */
  readonly withKong?: boolean
  /** The last of the chat nodes lies there. */
  readonly farNode?: FarNode
  readonly say?: (line: string) => void
  /** Breaks the start off, and ends what stands by then. */
  readonly signal?: AbortSignal
}

/** The whole picture on loopback: every box of it a process of its own. */
export type Cluster = {
  readonly url: string
  /** Where the keys service is asked by the others. */
  readonly internalKeysUrl: string
  readonly nginx: NginxProcess
  readonly kong: KongProcess | undefined
  readonly redis: RedisProcess
  readonly kafka: KafkaCluster
  /** In it lie the secrets that its processes share. */
  readonly folder: string
  readonly auth: readonly ServerProcess[]
  readonly keys: readonly ServerProcess[]
  readonly chat: readonly ServerProcess[]
  dispose(): Promise<void>
}

/** The same addresses at the ends of the node's wires. */
async function byWire(farNode: FarNode, env: Env, kafka: KafkaCluster): Promise<Env> {
  const wire = async (name: WireName, text: string | undefined): Promise<string> => {
    const url = new URL(text ?? '')
    const isDatabase = name === 'database'
    const { host, port } = await farNode.wireTo(
      name,
      Number(isDatabase ? url.searchParams.get('port') : url.port),
    )
    if (isDatabase) {
      url.searchParams.set('host', host)
      url.searchParams.set('port', String(port))
    } else url.host = `${host}:${String(port)}`
    return url.href
  }
  return {
    ...env,
    CHAT_DATABASE_URL: await wire('database', env['CHAT_DATABASE_URL']),
    REDIS_URL: await wire('redis', env['REDIS_URL']),
    AUTH_URL: await wire('services', env['AUTH_URL']),
    KEYS_URL: await wire('services', env['KEYS_URL']),
    KAFKA_BROKERS: kafka.bootstrapByWire.join(','),
  }
}

/** Names of what is missing here. */
export const missingForCluster = (): string[] =>
  Object.entries({ Kafka: findKafka(), Redis: findRedis(), NGINX: findNginx() })
    .filter(([, found]) => found === undefined)
    .map(([name]) => name)

export function startCluster(options: Options): Promise<Cluster> {
  const { size, databases, farNode, signal, say = () => undefined } = options
  /** Whoever was told to stop meanwhile goes no further. */
  const finishStep = (line: string) => {
    signal?.throwIfAborted()
    say(line)
  }
  return openAll(async ({ add, keep, dispose }) => {
    signal?.throwIfAborted()
    const folder = await createTempDir('cluster')
    add(() => folder.remove())
    const redis = keep(await startRedis())
    const kafka = keep(
      await startKafka(size.kafka, farNode && (port => farNode.wireTo('kafka', port)), options.kafkaFor),
    )
    finishStep(`Redis, and ${String(size.kafka)} Kafka broker${size.kafka === 1 ? '' : 's'}`)
    const ports = await chooseNginxPorts(options.port)
    const internalUrl = (service: Service) => `http://127.0.0.1:${String(ports.internal[service])}`

    const start = async (service: Service, index: number): Promise<Part> => {
      const [port, internalPort] = [await findFreePort(), await findFreePort()]
      const far = service === 'chat' && index === size.chat - 1 ? farNode : undefined
      const host = far?.within?.host ?? LOOPBACK
      const { USER_DATABASE_URL, CHAT_DATABASE_URL } = databases
      const env = {
        ...(service === 'chat'
          ? { CHAT_DATABASE_URL, KAFKA_BROKERS: kafka.bootstrap.join(',') }
          : { USER_DATABASE_URL }),
        REDIS_URL: redis.url,
        INTERNAL_LISTEN: `${host}:${String(internalPort)}`,
        AUTH_URL: internalUrl('auth'),
        KEYS_URL: internalUrl('keys'),
        CHAT_URL: internalUrl('chat'),
        PUBLIC_URL: `http://localhost:${String(ports.port)}`,
        TRUST_PROXY: LOOPBACK,
        REGISTRATION: 'open',
        LOG_LEVEL: 'warn',
        // All of them share one PostgreSQL, and what it allows.
        DATABASE_POOL_SIZE: '6',
        ...(typeof options.env === 'function' ? options.env(service, index) : options.env),
      }
      const server = await startServer({
        service,
        port,
        // Shared: in it lie the secrets that the processes of one installation share.
        dataDir: folder.path,
        env: far === undefined ? env : { ...(await byWire(far, env, kafka)), ...far.env },
        ...(far?.within && { within: far.within }),
      })
      return { server: keep(server), host, port, internalPort }
    }
    const parts: Record<Service, Part[]> = { keys: [], auth: [], chat: [] }
    for (const service of SERVICES) {
      // The first of a kind sets its database up; the others then come together.
      parts[service].push(await start(service, 0))
      const others = Array.from({ length: size[service] - 1 }, (_, index) => start(service, index + 1))
      parts[service].push(...(await allOrNone(others)))
      finishStep(`${service}: ${parts[service].map(({ server }) => server.url).join(', ')}`)
    }
    const targets = (service: Service) => parts[service].map(({ host, port }) => `${host}:${String(port)}`)
    const kong = options.withKong
      ? keep(await startKong({ auth: targets('auth'), keys: targets('keys'), chat: targets('chat') }))
      : undefined
    const nginx = keep(await startNginx(ports, parts, kong?.port))
    const serversOf = (service: Service) => parts[service].map(({ server }) => server)
    return {
      url: nginx.url,
      internalKeysUrl: internalUrl('keys'),
      nginx,
      kong,
      redis,
      kafka,
      folder: folder.path,
      auth: serversOf('auth'),
      keys: serversOf('keys'),
      chat: serversOf('chat'),
      dispose,
    }
  })
}
