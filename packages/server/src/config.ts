import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost'])

type Setting = {
  readonly default: string
  readonly description: string
  readonly schema: z.ZodType
}

const setting = <Schema extends z.ZodType>(value: Setting & { readonly schema: Schema }) => value

/** A port, or an address and a port. */
const ADDRESS = /^([\w.-]+:|\[[0-9a-f:]+\]:)?\d{1,5}$/
const ADDRESSES = /^[\w.-]+:\d{1,5}(,[\w.-]+:\d{1,5})*$/

const builtWebClient = fileURLToPath(new URL('../../../apps/web/dist', import.meta.url))

/** Every setting there is. `docs/configuration.md` is written from this table. */
export const SETTINGS = {
  PORT: setting({
    default: '8420',
    description: 'TCP port. `0` takes a free one.',
    schema: z.coerce.number().int().min(0).max(65535).default(8420),
  }),
  HOST: setting({
    default: '127.0.0.1',
    description: 'Address to listen on. Anything but loopback needs `PUBLIC_URL` with HTTPS.',
    schema: z.string().min(1).default('127.0.0.1'),
  }),
  DATA_DIR: setting({
    default: './data',
    description:
      'Folder of the embedded database and of the secrets the server makes for itself. Nodes of one installation have the same `secrets` in it.',
    schema: z.string().min(1).default('./data'),
  }),
  PUBLIC_URL: setting({
    default: '`http://localhost:PORT`',
    description: 'Address under which browsers reach the server. Its origin is the only one allowed.',
    schema: z.url({ protocol: /^https?$/ }).optional(),
  }),
  USER_DATABASE_URL: setting({
    default: 'the embedded PostgreSQL',
    description: 'PostgreSQL for accounts, identities and key packages.',
    schema: z.string().min(1).optional(),
  }),
  CHAT_DATABASE_URL: setting({
    default: 'the embedded PostgreSQL',
    description: 'PostgreSQL for conversations. A pooler before it must keep named prepared statements.',
    schema: z.string().min(1).optional(),
  }),
  CHAT_REPLICA_URL: setting({
    default: 'none',
    description:
      'Replicas of `CHAT_DATABASE_URL`, separated by commas, from which older pages of conversations are read. They may be behind or away.',
    schema: z.string().min(1).optional(),
  }),
  REDIS_URL: setting({
    default: 'memory of this process',
    description:
      'Redis for what several nodes share for a short time: tickets, grants, rate limits, which device is on which node, and the ends of logs that were read lately.',
    schema: z.url({ protocol: /^rediss?$/ }).optional(),
  }),
  INTERNAL_LISTEN: setting({
    default: 'none: all services are in this process',
    description:
      'Where the other services ask this one, where they run apart: a port of the loopback interface, or an address and a port of a network that nobody else reaches.',
    schema: z.string().regex(ADDRESS, 'a port, or an address and a port').optional(),
  }),
  AUTH_URL: setting({
    default: 'none',
    description: 'Where the auth service is asked: its `INTERNAL_LISTEN`, or what stands before several.',
    schema: z.url({ protocol: /^https?$/ }).optional(),
  }),
  KEYS_URL: setting({
    default: 'none',
    description: 'The same for the keys service.',
    schema: z.url({ protocol: /^https?$/ }).optional(),
  }),
  CHAT_URL: setting({
    default: 'none',
    description: 'The same for the chat service.',
    schema: z.url({ protocol: /^https?$/ }).optional(),
  }),
  KAFKA_BROKERS: setting({
    default: 'none: this is the only node',
    description:
      'Kafka brokers, `host:port` separated by commas, over which several nodes tell each other what they have for their sockets. Needs `REDIS_URL` and external databases.',
    schema: z.string().regex(ADDRESSES, 'host:port, separated by commas').optional(),
  }),
  KAFKA_TOPIC: setting({
    default: '`entangle-nodes`',
    description: 'Topic of that, made where there is none.',
    schema: z
      .string()
      .regex(/^[\w.-]{1,200}$/)
      .default('entangle-nodes'),
  }),
  NODE_SLOTS: setting({
    default: '64',
    description: 'Partitions of that topic: the most nodes that can serve sockets at once.',
    schema: z.coerce.number().int().min(2).max(20_000).default(64),
  }),
  REQUIRE_SYNCHRONOUS: setting({
    default: '`off`',
    description:
      '`on` refuses to start over a `USER_DATABASE_URL` or `CHAT_DATABASE_URL` whose commits are not on the disks of two machines before they are acknowledged; `off` only says so in the log.',
    schema: z.enum(['on', 'off']).default('off'),
  }),
  BLOB_STORE_URL: setting({
    default: 'none',
    description:
      'Where attachments will lie: a folder (`file:///srv/entangle/blobs`), or a bucket of a store that speaks S3 (`https://KEY:SECRET@s3.example.org/bucket?region=eu-central-1`). Nothing uses it yet.',
    schema: z.url({ protocol: /^(file|https?)$/ }).optional(),
  }),
  DATABASE_POOL_SIZE: setting({
    default: '10',
    description: 'Connections to each database.',
    schema: z.coerce.number().int().min(2).max(200).default(10),
  }),
  DATABASE_TIMEOUT_MS: setting({
    default: '10000',
    description:
      'How long a statement may take, in milliseconds. After that its connection is taken for dead, and whoever has asked is told to come again.',
    schema: z.coerce.number().int().min(500).max(600_000).default(10_000),
  }),
  REGISTRATION: setting({
    default: '`open` on loopback, else `closed`',
    description: 'Whether anybody may sign up: `open` or `closed`.',
    schema: z.enum(['open', 'closed']).optional(),
  }),
  TRUST_PROXY: setting({
    default: '`off`',
    description:
      'Addresses or networks of the reverse proxies whose `X-Forwarded-For` is believed, separated by commas; `off` believes nobody.',
    schema: z.string().min(1).default('off'),
  }),
  RATE_LIMITS: setting({
    default: '`on`',
    description: 'Rate limits: `on`, or `off-for-benchmarks`, which is not for a server that others reach.',
    schema: z.enum(['on', 'off-for-benchmarks']).default('on'),
  }),
  ARCHIVE_QUOTA_MIB: setting({
    default: '4096',
    description: 'Sealed history that one account may keep, in MiB.',
    schema: z.coerce.number().int().min(1).max(1_048_576).default(4096),
  }),
  ACCOUNT_STATE_ENTRIES: setting({
    default: '20000',
    description:
      'Entries of sealed account state (read cursors, drafts, contacts) that one account may keep.',
    schema: z.coerce.number().int().min(16).max(1_000_000).default(20_000),
  }),
  METRICS_LISTEN: setting({
    default: '`off`',
    description:
      'Where Prometheus reads figures at `/metrics`: a port of the loopback interface, or an address and a port, such as `10.0.0.5:9420`. Whoever reaches it sees how busy the server is.',
    schema: z
      .string()
      .regex(/^(off|([\w.-]+:|\[[0-9a-f:]+\]:)?\d{1,5})$/, 'off, a port, or an address and a port')
      .default('off'),
  }),
  SLOW_LOG_MS: setting({
    default: '1000',
    description: 'What took longer is logged by name, as a warning. In milliseconds.',
    schema: z.coerce.number().int().min(1).max(3_600_000).default(1000),
  }),
  BACKUP_PASSPHRASE: setting({
    default: 'none',
    description:
      'Seals the keys of the server in a backup, and opens them again: at least 12 characters. For the commands `backup` and `restore` alone.',
    schema: z.string().min(12).optional(),
  }),
  AUTH_TARGETS: setting({
    default: 'none',
    description:
      'Processes of the auth service, `host:port` separated by commas, among which Kong chooses. For the commands `kong-config` and `kong-follow` alone.',
    schema: z.string().regex(ADDRESSES, 'host:port, separated by commas').optional(),
  }),
  KEYS_TARGETS: setting({
    default: 'none',
    description: 'The same of the keys service.',
    schema: z.string().regex(ADDRESSES, 'host:port, separated by commas').optional(),
  }),
  CHAT_TARGETS: setting({
    default: 'none',
    description: 'The same of the chat service.',
    schema: z.string().regex(ADDRESSES, 'host:port, separated by commas').optional(),
  }),
  KONG_ADMIN_URL: setting({
    default: '`http://127.0.0.1:8001`',
    description: 'Where the command `kong-follow` reaches the administration of a Kong.',
    schema: z.url({ protocol: /^https?$/ }).default('http://127.0.0.1:8001'),
  }),
  LOG_LEVEL: setting({
    default: '`info`',
    description: 'Least severe log line that is written: `debug`, `info`, `warn`, `error` or `silent`.',
    schema: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  }),
  WEB_DIR: setting({
    default: 'the built web client, where there is one',
    description: 'Folder of the web client that is served.',
    schema: z.string().min(1).optional(),
  }),
} as const satisfies Record<string, Setting>

/** All of them in one process, or one of them. */
export const SERVICES = ['all', 'auth', 'keys', 'chat'] as const
export type ServiceName = (typeof SERVICES)[number]

export type ServerConfig = {
  readonly service: ServiceName
  readonly port: number
  readonly host: string
  readonly dataDir: string
  readonly publicUrl: URL | undefined
  readonly userDatabaseUrl: string | undefined
  readonly chatDatabaseUrl: string | undefined
  readonly chatReplicaUrls: readonly string[]
  readonly redisUrl: string | undefined
  /** Where services that run apart ask each other. */
  readonly internal:
    | {
        readonly listen: { readonly host: string; readonly port: number }
        readonly urls: Readonly<Record<'auth' | 'keys' | 'chat', URL | undefined>>
      }
    | undefined
  readonly kafka:
    | { readonly brokers: readonly string[]; readonly topic: string; readonly slots: number }
    | undefined
  readonly requireSynchronous: boolean
  readonly blobStoreUrl: URL | undefined
  readonly databasePoolSize: number
  readonly databaseTimeoutMs: number
  readonly registration: 'open' | 'closed'
  readonly trustProxy: readonly string[] | false
  readonly rateLimits: 'on' | 'off-for-benchmarks'
  readonly archiveQuotaBytes: number
  readonly accountStateEntries: number
  readonly metricsListen: { readonly host: string; readonly port: number } | undefined
  readonly slowLogMs: number
  readonly backupPassphrase: string | undefined
  /** For the commands about Kong. */
  readonly kong: {
    readonly targets: Readonly<Record<'auth' | 'keys' | 'chat', readonly string[]>>
    readonly adminUrl: URL
  }
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent'
  readonly webDir: string | undefined
}

/** A setting that cannot be used; the message says which and why, for the person who starts the server. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

/** `9420`, `10.0.0.5:9420` or `[::1]:9420`. */
function readAddress(name: string, text: string): { readonly host: string; readonly port: number } {
  const at = text.lastIndexOf(':')
  const port = Number(text.slice(at + 1))
  if (port > 65535) throw new ConfigError(`${name}: there is no port ${port}`)
  return { host: at < 0 ? '127.0.0.1' : text.slice(0, at).replace(/^\[|\]$/g, ''), port }
}

const split = (list: string | undefined): string[] => list?.split(',') ?? []

/** What a service that runs apart cannot do without. */
const NEEDS: Readonly<Record<Exclude<ServiceName, 'all'>, readonly (keyof typeof SETTINGS)[]>> = {
  auth: ['INTERNAL_LISTEN', 'PUBLIC_URL', 'REDIS_URL', 'USER_DATABASE_URL', 'KEYS_URL', 'CHAT_URL'],
  keys: ['INTERNAL_LISTEN', 'PUBLIC_URL', 'REDIS_URL', 'USER_DATABASE_URL', 'AUTH_URL'],
  chat: ['INTERNAL_LISTEN', 'PUBLIC_URL', 'REDIS_URL', 'CHAT_DATABASE_URL', 'AUTH_URL', 'KEYS_URL'],
}

/** Environment → configuration. Throws ConfigError. */
export function parseConfig(
  environment: Readonly<Record<string, string | undefined>>,
  service: ServiceName = 'all',
): ServerConfig {
  const read = <Name extends keyof typeof SETTINGS>(
    name: Name,
  ): z.output<(typeof SETTINGS)[Name]['schema']> => {
    const text = environment[name]
    const result = SETTINGS[name].schema.safeParse(text === '' ? undefined : text)
    if (!result.success) {
      throw new ConfigError(`${name}: ${result.error.issues.map(issue => issue.message).join('; ')}`)
    }
    return result.data as z.output<(typeof SETTINGS)[Name]['schema']>
  }
  const host = read('HOST')
  const publicUrlText = read('PUBLIC_URL')
  const publicUrl = publicUrlText === undefined ? undefined : new URL(publicUrlText)
  const onLoopback = LOOPBACK.has(host)
  if (!onLoopback && publicUrl?.protocol !== 'https:') {
    throw new ConfigError(
      'HOST is not loopback: browsers then need HTTPS. Set PUBLIC_URL to the https address of the proxy in front.',
    )
  }
  const missing = service === 'all' ? [] : NEEDS[service].filter(name => read(name) === undefined)
  if (missing.length > 0) {
    throw new ConfigError(`The ${service} service by itself needs ${missing.join(', ')}.`)
  }
  const url = (name: 'AUTH_URL' | 'KEYS_URL' | 'CHAT_URL') => {
    const text = read(name)
    return text === undefined ? undefined : new URL(text)
  }
  const internalListen = read('INTERNAL_LISTEN')
  const brokers = read('KAFKA_BROKERS')
  const hasOwnDatabase =
    service === 'all' && (read('USER_DATABASE_URL') === undefined || read('CHAT_DATABASE_URL') === undefined)
  if (brokers !== undefined && (read('REDIS_URL') === undefined || hasOwnDatabase)) {
    throw new ConfigError(
      'KAFKA_BROKERS is for several nodes: they share REDIS_URL, USER_DATABASE_URL and CHAT_DATABASE_URL. Set these too.',
    )
  }
  if (read('CHAT_REPLICA_URL') !== undefined && read('CHAT_DATABASE_URL') === undefined) {
    throw new ConfigError('CHAT_REPLICA_URL needs the CHAT_DATABASE_URL whose replicas these are.')
  }
  const trustProxy = read('TRUST_PROXY')
  const webDir = read('WEB_DIR') ?? (existsSync(builtWebClient) ? builtWebClient : undefined)
  const metricsListen = read('METRICS_LISTEN')
  const blobStoreUrl = read('BLOB_STORE_URL')
  return {
    service,
    port: read('PORT'),
    host,
    dataDir: resolve(read('DATA_DIR')),
    publicUrl,
    userDatabaseUrl: read('USER_DATABASE_URL'),
    chatDatabaseUrl: read('CHAT_DATABASE_URL'),
    chatReplicaUrls: split(read('CHAT_REPLICA_URL')),
    redisUrl: read('REDIS_URL'),
    internal:
      internalListen === undefined
        ? undefined
        : {
            listen: readAddress('INTERNAL_LISTEN', internalListen),
            urls: { auth: url('AUTH_URL'), keys: url('KEYS_URL'), chat: url('CHAT_URL') },
          },
    kafka:
      brokers === undefined
        ? undefined
        : { brokers: split(brokers), topic: read('KAFKA_TOPIC'), slots: read('NODE_SLOTS') },
    requireSynchronous: read('REQUIRE_SYNCHRONOUS') === 'on',
    blobStoreUrl: blobStoreUrl === undefined ? undefined : new URL(blobStoreUrl),
    databasePoolSize: read('DATABASE_POOL_SIZE'),
    databaseTimeoutMs: read('DATABASE_TIMEOUT_MS'),
    registration: read('REGISTRATION') ?? (onLoopback && publicUrl === undefined ? 'open' : 'closed'),
    trustProxy: trustProxy === 'off' ? false : trustProxy.split(',').map(part => part.trim()),
    rateLimits: read('RATE_LIMITS'),
    archiveQuotaBytes: read('ARCHIVE_QUOTA_MIB') * 1024 * 1024,
    accountStateEntries: read('ACCOUNT_STATE_ENTRIES'),
    metricsListen: metricsListen === 'off' ? undefined : readAddress('METRICS_LISTEN', metricsListen),
    slowLogMs: read('SLOW_LOG_MS'),
    backupPassphrase: read('BACKUP_PASSPHRASE'),
    kong: {
      targets: {
        auth: split(read('AUTH_TARGETS')),
        keys: split(read('KEYS_TARGETS')),
        chat: split(read('CHAT_TARGETS')),
      },
      adminUrl: new URL(read('KONG_ADMIN_URL')),
    },
    logLevel: read('LOG_LEVEL'),
    webDir: webDir === undefined ? undefined : resolve(webDir),
  }
}

/** The text of `docs/configuration.md`. */
export function describeSettings(): string {
  const rows = Object.entries(SETTINGS).map(
    ([name, { default: standard, description }]) => `| \`${name}\` | ${standard} | ${description} |`,
  )
  return [
    '# Configuration',
    '',
    'The server is configured by environment variables alone. This page is written from the table in `packages/server/src/config.ts`; a test keeps the two in step.',
    '',
    '| variable | default | meaning |',
    '|---|---|---|',
    ...rows,
    '',
  ].join('\n')
}
