import { type ChildProcess, spawn } from 'node:child_process'
import { chmod, chown, mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { findPostgresBinaries, type PostgresBinaries } from './postgres-binaries.ts'
import { chooseRunAs, commandAs, type RunAs } from './unprivileged.ts'

export type EmbeddedPostgres = {
  /** Where a role finds a database of this server. */
  address(role: string, password: string, database: string): pg.ClientConfig
  /** Runs statements as the administrator, in the named database. */
  asAdministrator<T>(database: string, work: (client: pg.Client) => Promise<T>): Promise<T>
  stop(): Promise<void>
  /** The process that runs now; for tests that kill it. */
  pid(): number | undefined
}

type Options = {
  readonly dataDir: string
  readonly adminPassword: string
  readonly onEvent: (event: 'started' | 'died' | 'restarted') => void
}

const ADMIN = 'entangle_admin'
const START_TIMEOUT_MS = 60_000
const LOCK_KEY = 0x456e74
/** The kernel's limit of a socket's path is 104 bytes on macOS and 108 on Linux. */
const SOCKET_PATH_LIMIT = 100

/**
 * Errors of statements are not logged: they can quote values, and the log holds no data of users.
 */
const SETTINGS: Readonly<Record<string, string>> = {
  fsync: 'on',
  synchronous_commit: 'on',
  shared_buffers: '128MB',
  max_connections: '60',
  wal_compression: 'on',
  max_wal_size: '1GB',
  checkpoint_timeout: '10min',
  jit: 'off',
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
  log_checkpoints: 'off',
  log_connections: '',
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

async function freeLoopbackPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise(resolve => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no free port')
  return address.port
}

const hasFile = async (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )

async function run(runAs: RunAs, file: string, args: readonly string[], cwd: string): Promise<void> {
  const command = commandAs(runAs, file, args)
  const child = spawn(command.file, command.args, {
    ...command.identity,
    cwd,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, LC_ALL: 'C' },
    windowsHide: true,
  })
  let complaint = ''
  child.stderr.on('data', chunk => {
    complaint = (complaint + String(chunk)).slice(-4096)
  })
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  if (code !== 0) throw new Error(`${file} failed (${code}): ${complaint.trim()}`)
}

/** The PostgreSQL of one data folder. One server at a time owns the folder; a second start is refused. */
export async function startEmbeddedPostgres(options: Options): Promise<EmbeddedPostgres> {
  const binaries = await findPostgresBinaries()
  await mkdir(options.dataDir, { recursive: true, mode: 0o700 })
  const asRoot = process.platform !== 'win32' && process.getuid?.() === 0
  // The database's own user has to pass through; what lies inside is closed by itself.
  if (asRoot) await chmod(options.dataDir, 0o711)
  const runAs = await chooseRunAs(binaries.postgres, options.dataDir)
  const folders = {
    cluster: join(options.dataDir, 'postgres'),
    socket: join(options.dataDir, 'socket'),
    log: join(options.dataDir, 'postgres.log'),
  }
  await initialise(binaries, runAs, folders.cluster, options)

  const useSocket =
    process.platform !== 'win32' &&
    Buffer.byteLength(join(folders.socket, '.s.PGSQL.5432.lock')) <= SOCKET_PATH_LIMIT
  if (useSocket) await makeFolderFor(runAs, folders.socket)
  await takeOverRunning(binaries, runAs, folders.cluster, options)
  const place = useSocket
    ? { host: folders.socket, port: 5432 }
    : { host: '127.0.0.1', port: await freeLoopbackPort() }
  await writeFile(placeFile(options.dataDir), JSON.stringify(place), { mode: 0o600 })

  const address = (user: string, password: string, database: string): pg.ClientConfig => ({
    ...place,
    user,
    password,
    database,
  })
  const adminAddress = (database: string) => address(ADMIN, options.adminPassword, database)

  let child: ChildProcess | undefined
  let stopping = false
  let owner: pg.Client | undefined

  async function launch(): Promise<void> {
    const log = await open(folders.log, 'a', 0o600)
    const settings = {
      ...SETTINGS,
      listen_addresses: useSocket ? '' : '127.0.0.1',
      unix_socket_directories: useSocket ? folders.socket : '',
      port: String(place.port),
    }
    const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    const command = commandAs(runAs, binaries.postgres, ['-D', folders.cluster, ...args])
    try {
      child = spawn(command.file, command.args, {
        ...command.identity,
        cwd: folders.cluster,
        stdio: ['ignore', log.fd, log.fd],
        env: { ...process.env, LC_ALL: 'C' },
        // Its own session: Ctrl-C in the terminal must reach us, who drain first, and not it.
        detached: process.platform !== 'win32',
        windowsHide: true,
      })
    } finally {
      await log.close()
    }
    child.once('error', () => undefined)
    const started = child
    owner = await connectUntil(adminAddress('postgres'), () => started.exitCode === null && !started.killed)
    owner.on('error', () => undefined)
    const { rows } = await owner.query('SELECT pg_try_advisory_lock($1) AS mine', [LOCK_KEY])
    if (rows[0]?.mine !== true) throw new Error(inUse(options.dataDir))
    started.once('exit', () => {
      if (!stopping) void relaunch()
    })
  }

  /** After a crash the last backends take a moment to leave the shared memory: try until they have. */
  async function relaunch(): Promise<void> {
    options.onEvent('died')
    for (let attempt = 0; !stopping; attempt++) {
      try {
        await launch()
        options.onEvent('restarted')
        return
      } catch {
        await sleep(Math.min(100 * 2 ** attempt, 3000))
      }
    }
  }

  await launchWithPatience(launch)
  options.onEvent('started')

  return {
    address,
    async asAdministrator(database, work) {
      const client = new pg.Client(adminAddress(database))
      await client.connect()
      try {
        return await work(client)
      } finally {
        await client.end()
      }
    },
    async stop() {
      stopping = true
      await owner?.end().catch(() => undefined)
      if (child === undefined || child.exitCode !== null) return
      const gone = new Promise(resolve => child?.once('exit', resolve))
      await run(
        runAs,
        binaries.pgCtl,
        ['stop', '-D', folders.cluster, '-m', 'fast', '-t', '30'],
        options.dataDir,
      ).catch(() => child?.kill('SIGQUIT'))
      await gone
    },
    pid: () => child?.pid,
  }
}

/** Where the running server of a data folder has its database. Throws where none has run there. */
export const readPlace = async (dataDir: string): Promise<Pick<pg.ClientConfig, 'host' | 'port'>> =>
  JSON.parse(await readFile(placeFile(dataDir), 'utf8'))

const placeFile = (dataDir: string) => join(dataDir, 'postgres.json')
const inUse = (dataDir: string) => `Another Entangle server is running on the data folder ${dataDir}.`

async function makeFolderFor(runAs: RunAs, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  if (runAs.kind !== 'self') await chown(folder, runAs.uid, runAs.gid)
}

/** Made beside and renamed into place, so that a first start that was interrupted is simply repeated. */
async function initialise(
  binaries: PostgresBinaries,
  runAs: RunAs,
  cluster: string,
  options: Options,
): Promise<void> {
  if (await hasFile(join(cluster, 'PG_VERSION'))) return
  const draft = `${cluster}.new`
  await rm(draft, { recursive: true, force: true })
  await makeFolderFor(runAs, draft)
  const passwordFile = `${cluster}.password`
  await writeFile(passwordFile, `${options.adminPassword}\n`, { mode: 0o600 })
  if (runAs.kind !== 'self') await chown(passwordFile, runAs.uid, runAs.gid)
  try {
    await run(
      runAs,
      binaries.initdb,
      [
        `--pgdata=${draft}`,
        `--username=${ADMIN}`,
        `--pwfile=${passwordFile}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        '--no-locale',
      ],
      options.dataDir,
    )
  } finally {
    await rm(passwordFile, { force: true })
  }
  await rename(draft, cluster)
}

/**
 * A server that was killed leaves its PostgreSQL running. If no living server owns it, it is stopped and
 * started anew as ours; if one does, we have no business here.
 */
async function takeOverRunning(
  binaries: PostgresBinaries,
  runAs: RunAs,
  cluster: string,
  options: Options,
): Promise<void> {
  const lines = await readFile(join(cluster, 'postmaster.pid'), 'utf8').then(
    text => text.split('\n'),
    () => undefined,
  )
  const pid = Number(lines?.[0])
  if (lines === undefined || !Number.isInteger(pid) || pid <= 0 || !isAlive(pid)) return
  const place = await readFile(placeFile(options.dataDir), 'utf8').then(JSON.parse, () => undefined)
  if (place === undefined) return
  const client = await connectUntil(
    { ...place, user: ADMIN, password: options.adminPassword, database: 'postgres' },
    () => isAlive(pid),
    5000,
  ).catch(() => undefined)
  // The number belongs to another program by now, or it is just ending: PostgreSQL's own lock decides.
  if (client === undefined) return
  client.on('error', () => undefined)
  const free = await lockIsFree(client)
  await client.end().catch(() => undefined)
  if (!free) throw new Error(inUse(options.dataDir))
  await run(runAs, binaries.pgCtl, ['stop', '-D', cluster, '-m', 'fast', '-t', '30'], options.dataDir).catch(
    () => undefined,
  )
}

/** The backend of a killed server needs a moment to notice that its client is gone. */
async function lockIsFree(client: pg.Client): Promise<boolean> {
  for (let attempt = 0; attempt < 20; attempt++) {
    const { rows } = await client.query('SELECT pg_try_advisory_lock($1) AS mine', [LOCK_KEY])
    if (rows[0]?.mine === true) return true
    await sleep(100)
  }
  return false
}

async function launchWithPatience(launch: () => Promise<void>): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await launch()
    } catch (error) {
      if (attempt === 5 || (error instanceof Error && error.message.startsWith('Another'))) throw error
      await sleep(300 * (attempt + 1))
    }
  }
}

async function connectUntil(
  config: pg.ClientConfig,
  stillRuns: () => boolean,
  timeoutMs = START_TIMEOUT_MS,
): Promise<pg.Client> {
  const giveUpAt = Date.now() + timeoutMs
  for (;;) {
    const client = new pg.Client({ ...config, connectionTimeoutMillis: 5000 })
    client.on('error', () => undefined)
    try {
      await client.connect()
      return client
    } catch (error) {
      await client.end().catch(() => undefined)
      if (!stillRuns())
        throw new Error('PostgreSQL ended while starting; see postgres.log in the data folder.')
      if (Date.now() > giveUpAt) throw error
      await sleep(15)
    }
  }
}
