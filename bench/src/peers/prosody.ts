import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createTempDir, findFreePort } from '@entangle/testkit/harness'
import type pg from 'pg'
import { XMPP_HOST, XMPP_PASSWORD, xmppUser } from '../load/xmpp-client.ts'
import { startProgram } from './external-program.ts'
import type { PeerProcess } from './peer-process.ts'

const configOf = (folder: string, port: number, database: pg.ClientConfig): string => `
run_as_root = true
data_path = "${folder}"
pidfile = "${join(folder, 'prosody.pid')}"
log = { warn = "*console" }
interfaces = { "127.0.0.1" }
c2s_ports = { ${port} }
s2s_ports = {}
http_ports = {}
https_ports = {}
modules_enabled = { "saslauth", "roster", "mam" }
modules_disabled = { "s2s", "offline" }
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
authentication = "internal_plain"
default_archive_policy = true
archive_expires_after = "never"
storage = { archive = "sql" }
sql = {
  driver = "PostgreSQL", host = "${database.host}", port = ${database.port},
  database = "${database.database}", username = "${database.user}", password = "${database.password}",
}
VirtualHost "${XMPP_HOST}"
`

/** Prosody with its archive in PostgreSQL, and accounts with these numbers. */
export async function startProsody(
  numbers: readonly number[],
  database: pg.ClientConfig,
): Promise<PeerProcess | undefined> {
  const folder = await createTempDir('prosody')
  const accounts = join(folder.path, XMPP_HOST, 'accounts')
  await mkdir(accounts, { recursive: true })
  const account = `return { ["password"] = "${XMPP_PASSWORD}" };\n`
  for (const number of numbers) await writeFile(join(accounts, `${xmppUser(number)}.dat`), account)
  const port = await findFreePort()
  const config = join(folder.path, 'prosody.cfg.lua')
  await writeFile(config, configOf(folder.path, port, database))
  const peer = await startProgram({ command: 'prosody', words: ['--config', config, '-F'], port })
  if (peer === undefined) await folder.remove()
  return peer && { ...peer, end: () => peer.end().finally(() => folder.remove()) }
}
