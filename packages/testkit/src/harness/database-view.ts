import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'

/** The databases of a running server, seen with the rights of whoever seized its machine. */
export type DatabaseView = {
  /** Every row of every table of every database, as text. */
  dump(): Promise<string[]>
  query(database: string, text: string): Promise<Record<string, unknown>[]>
  close(): Promise<void>
}

export const ADMINISTRATOR = 'entangle_admin'

/** The embedded PostgreSQL of a running server, as its administrator reaches it. */
export async function findAdministrator(dataDir: string) {
  const place: unknown = JSON.parse(await readFile(join(dataDir, 'postgres.json'), 'utf8'))
  const password = await readFile(join(dataDir, 'secrets', 'postgres-admin'), 'utf8')
  return { ...parsePlace(place), user: ADMINISTRATOR, password }
}

/** Those of a running server with a PostgreSQL of its own. */
export const openDatabaseView = async (dataDir: string): Promise<DatabaseView> =>
  openDatabaseViewAt(await findAdministrator(dataDir))

export async function openDatabaseViewAt(administrator: pg.ClientConfig): Promise<DatabaseView> {
  const clients = new Map<string, pg.Client>()

  async function connect(database: string): Promise<pg.Client> {
    const open = clients.get(database)
    if (open) return open
    const client = new pg.Client({ ...administrator, database })
    // Whoever looks while databases are killed learns of it from the query.
    client.on('error', () => undefined)
    await client.connect()
    clients.set(database, client)
    return client
  }

  async function query(database: string, text: string): Promise<Record<string, unknown>[]> {
    const client = await connect(database)
    return (await client.query<Record<string, unknown>>(text)).rows
  }

  return {
    query,
    async dump() {
      const found = await query('postgres', 'SELECT datname AS name FROM pg_database WHERE NOT datistemplate')
      const rows: string[] = []
      for (const { name: database } of found) {
        const tables = await query(
          String(database),
          `SELECT quote_ident(table_schema) || '.' || quote_ident(table_name) AS name
             FROM information_schema.tables
            WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')`,
        )
        for (const { name: table } of tables) {
          const content = await query(String(database), `SELECT t::text AS line FROM ${String(table)} AS t`)
          rows.push(...content.map(({ line }) => `${String(database)}.${String(table)} ${String(line)}`))
        }
      }
      return rows
    },
    async close() {
      for (const client of clients.values()) await client.end()
    },
  }
}

function parsePlace(place: unknown): { host: string; port: number } {
  if (typeof place !== 'object' || place === null || !('host' in place) || !('port' in place)) {
    throw new Error('postgres.json does not say where the database is.')
  }
  return { host: String(place.host), port: Number(place.port) }
}
