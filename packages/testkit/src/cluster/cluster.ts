import { findFreePort } from '../harness/free-port.ts'
import { type ServerProcess, startServer } from '../harness/server-process.ts'
import { createTempDir } from '../harness/temp-dir.ts'
import { findKafka, type KafkaCluster, startKafka } from '../services/kafka.ts'
import { chooseNginxPorts, findNginx, type NginxProcess, startNginx } from '../services/nginx.ts'
import { findRedis, type RedisProcess, startRedis } from '../services/redis.ts'

export type ClusterSize = {
  readonly auth: number
  readonly keys: number
  readonly chat: number
  readonly kafka: 1 | 3
}

type Options = {
  readonly size: ClusterSize
  readonly databases: { readonly USER_DATABASE_URL: string; readonly CHAT_DATABASE_URL: string }
  /** Of NGINX; a free one where nothing is said. */
  readonly port?: number
  readonly env?: Readonly<Record<string, string>>
  readonly say?: (line: string) => void
}

/** The whole picture on loopback: every box of it a process of its own. */
export type Cluster = {
  readonly url: string
  /** Where the keys service is asked by the others. */
  readonly internalKeysUrl: string
  readonly nginx: NginxProcess
  readonly redis: RedisProcess
  readonly kafka: KafkaCluster
  readonly auth: readonly ServerProcess[]
  readonly keys: readonly ServerProcess[]
  readonly chat: readonly ServerProcess[]
  dispose(): Promise<void>
}

const SERVICES = ['keys', 'auth', 'chat'] as const
type Service = (typeof SERVICES)[number]
type Part = { readonly server: ServerProcess; readonly port: number; readonly internalPort: number }

/** Names of what is missing here. */
export const missingForCluster = (): string[] =>
  Object.entries({ Kafka: findKafka(), Redis: findRedis(), NGINX: findNginx() })
    .filter(([, found]) => found === undefined)
    .map(([name]) => name)

export async function startCluster(options: Options): Promise<Cluster> {
  const { size, databases, say = () => undefined } = options
  const opened: (() => Promise<unknown>)[] = []
  const dispose = async () => {
    for (const close of opened.splice(0).toReversed()) await close()
  }
  const keep = <T extends { dispose(): Promise<unknown> }>(part: T): T => {
    opened.push(() => part.dispose())
    return part
  }
  try {
    const folder = await createTempDir('cluster')
    opened.push(() => folder.remove())
    const redis = keep(await startRedis())
    const kafka = keep(await startKafka(size.kafka))
    say(`Redis, and ${String(size.kafka)} Kafka broker${size.kafka === 1 ? '' : 's'}`)
    const ports = await chooseNginxPorts(options.port)
    const internalUrl = (service: Service) => `http://127.0.0.1:${String(ports.internal[service])}`

    const start = async (service: Service): Promise<Part> => {
      const internalPort = await findFreePort()
      const { USER_DATABASE_URL, CHAT_DATABASE_URL } = databases
      const server = await startServer({
        service,
        // Shared: in it lie the secrets that the processes of one installation share.
        dataDir: folder.path,
        env: {
          ...(service === 'chat'
            ? { CHAT_DATABASE_URL, KAFKA_BROKERS: kafka.bootstrap.join(',') }
            : { USER_DATABASE_URL }),
          REDIS_URL: redis.url,
          INTERNAL_LISTEN: String(internalPort),
          AUTH_URL: internalUrl('auth'),
          KEYS_URL: internalUrl('keys'),
          CHAT_URL: internalUrl('chat'),
          PUBLIC_URL: `http://localhost:${String(ports.port)}`,
          TRUST_PROXY: '127.0.0.1',
          REGISTRATION: 'open',
          LOG_LEVEL: 'warn',
          ...options.env,
        },
      })
      return { server: keep(server), port: server.port, internalPort }
    }
    const parts: Record<Service, Part[]> = { keys: [], auth: [], chat: [] }
    for (const service of SERVICES) {
      // The first of a kind sets its database up; the others then come together.
      parts[service].push(await start(service))
      const others = Array.from({ length: size[service] - 1 }, () => start(service))
      parts[service].push(...(await Promise.all(others)))
      say(`${service}: ${parts[service].map(({ server }) => server.url).join(', ')}`)
    }
    const nginx = keep(await startNginx(ports, parts))
    const serversOf = (service: Service) => parts[service].map(({ server }) => server)
    return {
      url: nginx.url,
      internalKeysUrl: internalUrl('keys'),
      nginx,
      redis,
      kafka,
      auth: serversOf('auth'),
      keys: serversOf('keys'),
      chat: serversOf('chat'),
      dispose,
    }
  } catch (error) {
    await dispose()
    throw error
  }
}
