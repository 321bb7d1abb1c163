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

/** Brings a database to the newest schema. Several nodes may start at once: the migrator takes a lock. */
export async function migrate(pool: pg.Pool, service: 'users' | 'chat'): Promise<void> {
  const provider = new SqlFileMigrationProvider(new URL(`./migrations/${service}/`, import.meta.url))
  const database = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) })
  const { error } = await new Migrator({ db: database, provider }).migrateToLatest()
  if (error !== undefined) throw error
}
