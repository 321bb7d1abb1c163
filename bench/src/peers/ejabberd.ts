import { glob, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createTempDir, type DatabaseView, findFreePort } from '@entangle/testkit/harness'
import type pg from 'pg'
import { XMPP_HOST, XMPP_PASSWORD, xmppUser } from '../load/xmpp-client.ts'
import { startProgram } from './external-program.ts'
import type { PeerProcess } from './peer-process.ts'

/** Where the packages of Debian put it. */
const CODE = '/usr/lib/*/ejabberd-*/ebin'
const TABLES = '/usr/share/ejabberd/sql/pg.sql'

const configOf = (port: number, database: pg.ClientConfig): string => `
hosts: [ ${XMPP_HOST} ]
loglevel: error
listen:
  - { port: ${port}, ip: "127.0.0.1", module: ejabberd_c2s }
auth_method: sql
auth_password_format: plain
sql_type: pgsql
sql_server: "${database.host}"
sql_port: ${database.port}
sql_database: "${database.database}"
sql_username: "${database.user}"
sql_password: "${database.password}"
modules:
  mod_mam: { db_type: sql, default: always }
`

async function findCode(): Promise<string | undefined> {
  for await (const folder of glob(CODE)) return folder
  return undefined
}

/** ejabberd with accounts and archive in PostgreSQL, in a database that is empty so far. */
export async function startEjabberd(
  numbers: readonly number[],
  view: DatabaseView,
  database: pg.ClientConfig & { readonly database: string },
): Promise<PeerProcess | undefined> {
  const code = await findCode()
  if (code === undefined) return undefined
  await view.query(database.database, await readFile(TABLES, 'utf8'))
  const users = numbers.map(number => `('${xmppUser(number)}', '${XMPP_PASSWORD}')`)
  await view.query(database.database, `INSERT INTO users (username, password) VALUES ${users.join(', ')}`)
  const folder = await createTempDir('ejabberd')
  const port = await findFreePort()
  const config = join(folder.path, 'ejabberd.yml')
  await writeFile(config, configOf(port, database))
  const peer = await startProgram({
    command: 'erl',
    words: ['-noinput', '+K', 'true', '-pa', code, '-mnesia', 'dir', `"${folder.path}"`, '-s', 'ejabberd'],
    port,
    env: { EJABBERD_CONFIG_PATH: config, EJABBERD_LOG_PATH: join(folder.path, 'ejabberd.log') },
  })
  if (peer === undefined) await folder.remove()
  return peer && { ...peer, end: () => peer.end().finally(() => folder.remove()) }
}
