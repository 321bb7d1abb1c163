import { spawn } from 'node:child_process'
import { chmod, chown, copyFile, mkdir, readdir, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { findPostgresBinaries } from '@entangle/server/postgres-binaries'
import { chooseRunAs, commandAs, type RunAs } from '@entangle/server/unprivileged'
import pg from 'pg'
import { findFreePort } from '../harness/free-port.ts'
import { type ServiceProcess, startService } from './service-process.ts'

/** One PostgreSQL of an installation that has several, as an operator runs it: on a port, and ended by nobody else. */
export type PostgresNode = ServiceProcess & {
  readonly folder: string
  readonly port: number
  readonly administrator: pg.ClientConfig
  /** What is done here waits for no standby. */
  asAdministrator<T>(work: (client: pg.Client) => Promise<T>): Promise<T>
}

type Place = { readonly parent: string; readonly name: string; readonly password: string }

const ADMINISTRATOR = 'entangle_admin'
const RESTARTS = 40
const RESTART_PAUSE_MS = 250
/** Of a running server, and of no use to its copy. */
const NOT_COPIED =
  /^(postmaster\.(pid|opts)|postgresql\.auto\.conf|(pg_wal|pg_replslot)\/.*|.*pg_internal\.init)$/

const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  shared_buffers: '64MB',
  max_connections: '120',
  jit: 'off',
  // Whoever follows begins with what is written now.
  wal_keep_size: '256MB',
  // An operator who wants to lose nothing: a commit is one when somebody else has it as well.
  synchronous_standby_names: 'ANY 1 (*)',
  wal_receiver_timeout: '5s',
  wal_sender_timeout: '5s',
  wal_retrieve_retry_interval: '200ms',
} as const

async function runOnce(runAs: RunAs, file: string, args: readonly string[], cwd: string): Promise<void> {
  const command = commandAs(runAs, file, args)
  const child = spawn(command.file, command.args, { ...command.identity, cwd, stdio: 'ignore' })
  const code = await new Promise(resolve => child.once('close', resolve))
  if (code !== 0) throw new Error(`${file} ended with ${String(code)}`)
}

const give = async (runAs: RunAs, path: string): Promise<void> => {
  if (runAs.kind !== 'self') await chown(path, runAs.uid, runAs.gid)
}

async function makeFolder(runAs: RunAs, path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 })
  await give(runAs, path)
}

async function startNode(folder: string, password: string, runAs: RunAs): Promise<PostgresNode> {
  const { postgres } = await findPostgresBinaries()
  const port = await findFreePort()
  const settings = Object.entries({ ...SETTINGS, port: String(port) })
  const args = settings.flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const administrator = { host: '127.0.0.1', port, user: ADMINISTRATOR, password, database: 'postgres' }
  const connect = async () => {
    const client = new pg.Client({ ...administrator, options: '-c synchronous_commit=local' })
    client.on('error', () => undefined)
    await client.connect()
    return client
  }
  const command = commandAs(runAs, postgres, ['-D', folder, ...args])
  const service = await startService({
    name: 'PostgreSQL',
    file: command.file,
    args: command.args,
    identity: command.identity,
    cwd: folder,
    env: { LC_ALL: 'C' },
    check: async () => (await connect()).end(),
  })
  return {
    ...service,
    folder,
    port,
    administrator,
    async restart() {
      for (let attempt = 1; ; attempt++) {
        try {
          return await service.restart()
        } catch (error) {
          // After a kill the last of its processes take a moment to leave the memory that they share.
          if (attempt === RESTARTS) throw error
          await sleep(RESTART_PAUSE_MS)
        }
      }
    },
    async asAdministrator(work) {
      const client = await connect()
      try {
        return await work(client)
      } finally {
        await client.end()
      }
    },
  }
}

async function whoRuns(parent: string): Promise<RunAs> {
  const { postgres } = await findPostgresBinaries()
  // The database's own user has to pass through.
  await chmod(parent, 0o711)
  return chooseRunAs(postgres, parent)
}

export async function startPrimary({ parent, name, password }: Place): Promise<PostgresNode> {
  const { initdb } = await findPostgresBinaries()
  const runAs = await whoRuns(parent)
  const folder = join(parent, name)
  const passwordFile = join(parent, 'password')
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 })
  await give(runAs, passwordFile)
  await makeFolder(runAs, folder)
  const identity = [`--pgdata=${folder}`, `--username=${ADMINISTRATOR}`, `--pwfile=${passwordFile}`]
  const args = [...identity, '--auth=scram-sha-256', '--encoding=UTF8', '--no-locale', '--no-sync']
  await runOnce(runAs, initdb, args, parent)
  return startNode(folder, password, runAs)
}

/** What goes away while it is copied is not needed: the log tells of it. */
async function copyRunning(from: string, to: string, runAs: RunAs): Promise<void> {
  for (const entry of await readdir(from, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name)
    const name = relative(from, path)
    if (NOT_COPIED.test(name)) continue
    const copy = join(to, name)
    if (entry.isDirectory()) await makeFolder(runAs, copy)
    else {
      await copyFile(path, copy).catch(error => {
        if (error.code !== 'ENOENT') throw error
      })
      await give(runAs, copy).catch(() => undefined)
    }
  }
}

/** A copy of the running primary that follows it. */
export async function startStandby(primary: PostgresNode, place: Place): Promise<PostgresNode> {
  const { parent, name, password } = place
  const runAs = await whoRuns(parent)
  const folder = join(parent, name)
  await makeFolder(runAs, folder)
  const label = await primary.asAdministrator(async client => {
    await client.query(`SELECT pg_backup_start('standby', true)`)
    await copyRunning(primary.folder, folder, runAs)
    const { rows } = await client.query<{ labelfile: string }>('SELECT labelfile FROM pg_backup_stop(false)')
    return rows[0]?.labelfile ?? ''
  })
  const { host, port, user } = primary.administrator
  const follow = `primary_conninfo = 'host=${String(host)} port=${String(port)} user=${String(user)} password=${password}'\n`
  for (const [file, content] of [
    ['backup_label', label],
    ['postgresql.auto.conf', follow],
    ['standby.signal', ''],
  ] as const) {
    await writeFile(join(folder, file), content, { mode: 0o600 })
    await give(runAs, join(folder, file))
  }
  return startNode(folder, password, runAs)
}
