import { readdir, readFile } from 'node:fs/promises'
import { Kysely, type Migration, type MigrationProvider, Migrator, PostgresDialect, sql } from 'kysely'
import type pg from 'pg'

class SqlFileMigrationProvider implements MigrationProvider {
  readonly #folder: URL

  constructor(folder: URL) {
    this.#folder = folder
  }

  async getMigrations(): Promise<Record<string, Migration>> {
    const migrations: Record<string, Migration> = {}
    for (const file of (await readdir(this.#folder)).filter(name => name.endsWith('.sql')).sort()) {
      const text = await readFile(new URL(file, this.#folder), 'utf8')
      migrations[file.slice(0, -'.sql'.length)] = {
        up: async database => {
          await sql.raw(text).execute(database)
        },
      }
    }
    return migrations
  }
}

type Service = 'users' | 'chat'

const providerOf = (service: Service) =>
  new SqlFileMigrationProvider(new URL(`./migrations/${service}/`, import.meta.url))

const migratorOf = (pool: pg.Pool, service: Service) =>
  new Migrator({
    db: new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) }),
    provider: providerOf(service),
  })

/** Brings a database to the newest schema. Several nodes may start at once: the migrator takes a lock. */
export async function migrate(pool: pg.Pool, service: Service): Promise<void> {
  const { error } = await migratorOf(pool, service).migrateToLatest()
  if (error !== undefined) throw error
}

/** The same up to one migration, as an older version would have left it. */
export async function migrateTo(pool: pg.Pool, service: Service, migration: string): Promise<void> {
  const { error } = await migratorOf(pool, service).migrateTo(migration)
  if (error !== undefined) throw error
}

export const knowsMigration = async (service: Service, migration: string): Promise<boolean> =>
  Object.hasOwn(await providerOf(service).getMigrations(), migration)

/** Which migration a database has seen last. */
export async function newestMigration(client: pg.ClientBase): Promise<string> {
  const { rows } = await client.query<{ name: string }>(
    'SELECT name FROM kysely_migration ORDER BY name DESC LIMIT 1',
  )
  const [newest] = rows
  if (newest === undefined) throw new Error('the database was never set up')
  return newest.name
}
