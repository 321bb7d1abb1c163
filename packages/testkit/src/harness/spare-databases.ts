import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { findAdministrator } from './database-view.ts'

/** Two empty databases, for a server that needs no PostgreSQL of its own. */
export type SpareDatabases = {
  /** What tells a server to use them. */
  readonly env: { readonly USER_DATABASE_URL: string; readonly CHAT_DATABASE_URL: string }
  drop(): Promise<void>
}

/** Lends them from the PostgreSQL of a server that runs: a tenth of what it costs to start another. */
export async function createSpareDatabases(lenderDataDir: string): Promise<SpareDatabases> {
  const administrator = await findAdministrator(lenderDataDir)
  const mark = randomBytes(6).toString('hex')
  const [users, chat] = [`spare_users_${mark}`, `spare_chat_${mark}`]

  async function tell(...statements: readonly string[]): Promise<void> {
    const client = new pg.Client({ ...administrator, database: 'postgres' })
    await client.connect()
    try {
      for (const statement of statements) await client.query(statement)
    } finally {
      await client.end()
    }
  }
  const urlOf = (database: string): string => {
    const url = new URL(`postgresql://localhost/${database}`)
    const { host, port, user, password } = administrator
    url.search = new URLSearchParams({ host, port: String(port), user, password }).toString()
    return url.href
  }

  await tell(`CREATE DATABASE ${users}`, `CREATE DATABASE ${chat}`)
  return {
    env: { USER_DATABASE_URL: urlOf(users), CHAT_DATABASE_URL: urlOf(chat) },
    drop: () => tell(`DROP DATABASE ${users} WITH (FORCE)`, `DROP DATABASE ${chat} WITH (FORCE)`),
  }
}
