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
  readonly usersPool: pg.Pool
  readonly chatPool: pg.Pool
  /** The one connection on which batches of messages are written. */
  readonly ingestPool: pg.Pool
  readonly embedded: EmbeddedPostgres | undefined
  /** Throws while a database does not answer. */
  ping(): Promise<void>
  close(): Promise<void>
}

type Options = {
  readonly dataDir: string
  readonly userDatabaseUrl: string | undefined
  readonly chatDatabaseUrl: string | undefined
  readonly poolSize: number
  readonly onEmbeddedEvent: (event: 'started' | 'died' | 'restarted') => void
}

const USERS = 'entangle_users'

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

async function findAddresses(options: Options): Promise<Addresses> {
  const { userDatabaseUrl, chatDatabaseUrl } = options
  if (userDatabaseUrl !== undefined && chatDatabaseUrl !== undefined) {
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
      users: await place(USERS, userDatabaseUrl),
      chat: await place('entangle_chat', chatDatabaseUrl),
      embedded,
    }
  } catch (error) {
    await embedded.stop()
    throw error
  }
}

export async function openDatabases(options: Options): Promise<Databases> {
  const { users, chat, embedded } = await findAddresses(options)
  const usersPool = createPool(users, options.poolSize)
  const chatPool = createPool(chat, options.poolSize)
  const ingestPool = createPool(chat, 1)
  const close = async () => {
    await Promise.allSettled([usersPool.end(), chatPool.end(), ingestPool.end()])
    await embedded?.stop()
  }
  try {
    await migrate(usersPool, 'users')
    await migrate(chatPool, 'chat')
  } catch (error) {
    await close()
    throw error
  }
  return {
    users: new Kysely<UsersSchema>({ dialect: new PostgresDialect({ pool: usersPool }) }),
    chat: new Kysely<ChatSchema>({ dialect: new PostgresDialect({ pool: chatPool }) }),
    usersPool,
    chatPool,
    ingestPool,
    embedded,
    async ping() {
      await Promise.all([usersPool.query('SELECT 1'), chatPool.query('SELECT 1')])
    },
    close,
  }
}

/** The users of a server that runs already, for a command beside it. */
export async function openRunningUsers({
  dataDir,
  userDatabaseUrl,
}: Pick<Options, 'dataDir' | 'userDatabaseUrl'>): Promise<UsersDatabase> {
  const password = () => createFileSecretStore(join(dataDir, 'secrets')).read(`postgres-${USERS}`)
  const address: pg.ClientConfig =
    userDatabaseUrl === undefined
      ? { ...(await readPlace(dataDir)), user: USERS, password: await password(), database: USERS }
      : { connectionString: userDatabaseUrl }
  return new Kysely<UsersSchema>({ dialect: new PostgresDialect({ pool: createPool(address, 1) }) })
}
