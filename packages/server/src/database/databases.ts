import { access, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Kysely, PostgresDialect } from 'kysely'
import type pg from 'pg'
import { createFileSecretStore, randomSecret } from '../secrets.ts'
import type { ChatDatabase, ChatSchema } from './chat-schema.ts'
import { type EmbeddedPostgres, readPlace, startEmbeddedPostgres } from './embedded-postgres.ts'
import { migrate } from './migrate.ts'
import { createPool } from './pools.ts'
import type { UsersDatabase, UsersSchema } from './users-schema.ts'

/** Two databases with two roles and no join between them. */
export type Databases = {
  readonly users: UsersDatabase
  readonly chat: ChatDatabase
  /** The same for what may take minutes. */
  readonly chatErase: ChatDatabase
  /** For reading alone: they may be behind, and they may be away. */
  readonly chatReplicas: readonly ChatDatabase[]
  readonly usersPool: pg.Pool
  readonly chatPool: pg.Pool
  /** The one connection on which batches of messages are written. */
  readonly ingestPool: pg.Pool
  /** The one on which a node says that it is alive. */
  readonly leasePool: pg.Pool
  /** Those that are used here, by name. */
  readonly pools: Readonly<Record<string, pg.Pool>>
  /** Of those the operator's own databases. */
  readonly external: Readonly<Record<string, pg.Pool>>
  readonly embedded: EmbeddedPostgres | undefined
  /** Throws while a database does not answer. */
  ping(): Promise<void>
  close(): Promise<void>
}

type Options = {
  readonly dataDir: string
  /** A service that runs apart has its own database and no other. */
  readonly needs: Readonly<Record<Service, boolean>>
  readonly userDatabaseUrl: string | undefined
  readonly chatDatabaseUrl: string | undefined
  readonly chatReplicaUrls: readonly string[]
  readonly poolSize: number
  /** How long a statement of a service may take. */
  readonly answerWithinMs: number
  readonly onEmbeddedEvent: (event: 'started' | 'died' | 'restarted') => void
}

/** A slot is renewed every two seconds and held for ten: one silent connection must not cost it. */
const LEASE_WITHIN_MS = 3000
/** Gigabytes, of an account that is deleted. */
const ERASE_WITHIN_MS = 300_000
const REPLICA_WITHIN_MS = 3000

const EMBEDDED = { users: 'entangle_users', chat: 'entangle_chat' } as const
type Service = keyof typeof EMBEDDED
type Places = Pick<Options, 'dataDir' | 'userDatabaseUrl' | 'chatDatabaseUrl'>

type Addresses = { users: pg.ClientConfig; chat: pg.ClientConfig; embedded: EmbeddedPostgres | undefined }

async function prepareDatabase(server: EmbeddedPostgres, name: string, password: string): Promise<void> {
  await server.asAdministrator('postgres', async client => {
    const identifier = client.escapeIdentifier(name)
    const roles = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [name])
    const verb = roles.rowCount === 0 ? 'CREATE' : 'ALTER'
    await client.query(`${verb} ROLE ${identifier} LOGIN PASSWORD ${client.escapeLiteral(password)}`)
    const databases = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name])
    if (databases.rowCount === 0) {
      await client.query(`CREATE DATABASE ${identifier} OWNER ${identifier}`)
    }
    await client.query(`REVOKE ALL ON DATABASE ${identifier} FROM PUBLIC`)
  })
}

async function findAddresses(
  options: Places & Pick<Options, 'onEmbeddedEvent' | 'needs'>,
): Promise<Addresses> {
  const { userDatabaseUrl, chatDatabaseUrl, needs } = options
  const isElsewhere = (service: Service, url: string | undefined) => !needs[service] || url !== undefined
  if (isElsewhere('users', userDatabaseUrl) && isElsewhere('chat', chatDatabaseUrl)) {
    return {
      users: { connectionString: userDatabaseUrl },
      chat: { connectionString: chatDatabaseUrl },
      embedded: undefined,
    }
  }
  const secrets = createFileSecretStore(join(options.dataDir, 'secrets'))
  const password = (role: string) => secrets.readOrCreate(`postgres-${role}`, randomSecret)
  const embedded = await startEmbeddedPostgres({
    dataDir: options.dataDir,
    adminPassword: await password('admin'),
    onEvent: options.onEmbeddedEvent,
  })
  const place = async (name: string, url: string | undefined): Promise<pg.ClientConfig> => {
    if (url !== undefined) return { connectionString: url }
    await prepareDatabase(embedded, name, await password(name))
    return embedded.address(name, await password(name), name)
  }
  try {
    return {
      users: await place(EMBEDDED.users, userDatabaseUrl),
      chat: await place(EMBEDDED.chat, chatDatabaseUrl),
      embedded,
    }
  } catch (error) {
    await embedded.stop()
    throw error
  }
}

export async function openDatabases(options: Options): Promise<Databases> {
  if (await restoreMark(options.dataDir).isSet()) {
    throw new Error(
      `In ${options.dataDir} lies a restore that was cut off. Empty the folder and the databases, and restore again.`,
    )
  }
  const { users, chat, embedded } = await findAddresses(options)
  const { needs, poolSize, answerWithinMs } = options
  const open = (service: Service, size: number, within = answerWithinMs) =>
    needs[service] ? createPool({ ...{ users, chat }[service], answerWithinMs: within }, size) : undefined
  const usersPool = open('users', poolSize)
  const chatPool = open('chat', poolSize)
  const ingestPool = open('chat', 1)
  const leasePool = open('chat', 1, LEASE_WITHIN_MS)
  const erasePool = open('chat', 2, ERASE_WITHIN_MS)
  const replicaPools = needs.chat ? options.chatReplicaUrls.map(url => openReplica(url, poolSize)) : []
  const replicas = Object.fromEntries(replicaPools.map((pool, at) => [`replica ${String(at + 1)}`, pool]))
  const services = {
    users: usersPool,
    chat: chatPool,
    ingest: ingestPool,
    lease: leasePool,
    erase: erasePool,
  }
  const pools = { ...present(services), ...replicas }
  const external = present({
    users: options.userDatabaseUrl === undefined ? undefined : usersPool,
    chat: options.chatDatabaseUrl === undefined ? undefined : chatPool,
  })
  const close = async () => {
    await Promise.allSettled(Object.values(pools).map(pool => pool.end()))
    await embedded?.stop()
  }
  try {
    if (needs.users) await migrateAt(users, 'users')
    if (needs.chat) await migrateAt(chat, 'chat')
  } catch (error) {
    await close()
    throw error
  }
  const usersDatabase = usersPool && kyselyOf<UsersSchema>(usersPool)
  const chatDatabase = chatPool && kyselyOf<ChatSchema>(chatPool)
  const eraseDatabase = erasePool && kyselyOf<ChatSchema>(erasePool)
  return {
    get users() {
      return needed(usersDatabase)
    },
    get chat() {
      return needed(chatDatabase)
    },
    get chatErase() {
      return needed(eraseDatabase)
    },
    chatReplicas: replicaPools.map(pool => kyselyOf<ChatSchema>(pool)),
    get usersPool() {
      return needed(usersPool)
    },
    get chatPool() {
      return needed(chatPool)
    },
    get ingestPool() {
      return needed(ingestPool)
    },
    get leasePool() {
      return needed(leasePool)
    },
    pools,
    external,
    embedded,
    async ping() {
      await Promise.all([usersPool, chatPool].map(pool => pool?.query('SELECT 1')))
    },
    close,
  }
}

export const kyselyOf = <Schema>(pool: pg.Pool): Kysely<Schema> =>
  new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) })

/** Whoever asks has somebody else to ask. */
const openReplica = (connectionString: string, size: number): pg.Pool =>
  createPool({ connectionString, connectionTimeoutMillis: 1000, answerWithinMs: REPLICA_WITHIN_MS }, size)

/** However long it takes, on connections of its own. */
async function migrateAt(address: pg.ClientConfig, service: Service): Promise<void> {
  const pool = createPool(address, 2)
  try {
    await migrate(pool, service)
  } finally {
    await pool.end()
  }
}

const present = (pools: Readonly<Record<string, pg.Pool | undefined>>): Record<string, pg.Pool> =>
  Object.fromEntries(
    Object.entries(pools).filter((entry): entry is [string, pg.Pool] => entry[1] !== undefined),
  )

/** Asked for by a service that has no business in that database. */
function needed<T>(part: T | undefined): T {
  if (part === undefined) throw new Error('this service has no such database')
  return part
}

/** Where the databases of a server are that runs already, for a command beside it. */
export async function findRunning(places: Places, service: Service): Promise<pg.ClientConfig> {
  const url = service === 'users' ? places.userDatabaseUrl : places.chatDatabaseUrl
  if (url !== undefined) return { connectionString: url }
  const name = EMBEDDED[service]
  const password = await createFileSecretStore(join(places.dataDir, 'secrets')).read(`postgres-${name}`)
  return { ...(await readPlace(places.dataDir)), user: name, password, database: name }
}

export async function openRunningUsers(places: Places): Promise<UsersDatabase> {
  const pool = createPool(await findRunning(places, 'users'), 1)
  return kyselyOf<UsersSchema>(pool)
}

/** Databases as they are before anything has run on them, for a restore. */
export async function openEmptyDatabases(places: Places): Promise<{
  readonly pools: Readonly<Record<Service, pg.Pool>>
  readonly close: () => Promise<void>
}> {
  const { users, chat, embedded } = await findAddresses({
    ...places,
    needs: { users: true, chat: true },
    onEmbeddedEvent: () => undefined,
  })
  const pools = { users: createPool(users, 2), chat: createPool(chat, 2) }
  return {
    pools,
    async close() {
      await Promise.allSettled([pools.users.end(), pools.chat.end()])
      await embedded?.stop()
    },
  }
}

/** Lies in the data folder while a restore is under way: what is there meanwhile is no server. */
export function restoreMark(dataDir: string) {
  const path = join(dataDir, 'restoring')
  return {
    set: () => writeFile(path, '', { mode: 0o600, flush: true }),
    clear: () => rm(path),
    isSet: () =>
      access(path).then(
        () => true,
        () => false,
      ),
  }
}
