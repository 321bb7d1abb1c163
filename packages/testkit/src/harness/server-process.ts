import { type ChildProcess, spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { NODE_FLAGS } from '@entangle/server/node-flags'
import { findFreePort } from './free-port.ts'
import { createTempDir } from './temp-dir.ts'

/** Where a server is found. */
export type ServerAddress = {
  readonly url: string
  readonly port: number
  readonly dataDir: string
}

/** A real server in a process of its own, with a data folder of its own. */
export type ServerProcess = ServerAddress & {
  /** Everything it has written so far, over all restarts, standard error included. */
  output(): string
  pid(): number | undefined
  /** Ends it as a power cut does. Its PostgreSQL lives on, as it would after a crash. */
  kill9(): Promise<void>
  /** Asks it to end, and returns its exit code. */
  stop(): Promise<number | null>
  /** Starts it again on the same port and folder; kills it first if it runs. */
  restart(): Promise<void>
  /** Runs one of the operator's commands beside it, and returns what it told. */
  command(...words: readonly string[]): Promise<string>
  /** Ends everything and removes the data folder, if it was ours. */
  dispose(): Promise<void>
}

export type ServerOptions = {
  /** One of the services by itself; all of them where nothing is said. */
  readonly service?: 'auth' | 'keys' | 'chat'
  readonly dataDir?: string
  readonly port?: number
  readonly env?: Readonly<Record<string, string>>
  /** In another network: the words before its command that enter it, and the host under which its port is reached. */
  readonly within?: { readonly enter: readonly string[]; readonly host: string }
}

const READY_TIMEOUT_MS = 90_000
const STOP_TIMEOUT_MS = 30_000
export const SERVER_MAIN = join(
  dirname(fileURLToPath(import.meta.url)),
  '..',
  '..',
  '..',
  'server',
  'src',
  'main.ts',
)

export async function startServer(options: ServerOptions = {}): Promise<ServerProcess> {
  const port = options.port ?? (await findFreePort())
  const ownDir = options.dataDir === undefined ? await createTempDir('data') : undefined
  const dataDir = options.dataDir ?? ownDir?.path ?? ''
  const [file = process.execPath, ...before] = [...(options.within?.enter ?? []), process.execPath]
  const host = options.within?.host
  const env = { ...process.env, PORT: String(port), DATA_DIR: dataDir, ...options.env }
  let output = ''
  let child: ChildProcess | undefined

  async function launch(): Promise<void> {
    const words = options.service === undefined ? [] : ['serve', options.service]
    const started = spawn(file, [...before, ...NODE_FLAGS, SERVER_MAIN, ...words], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    child = started
    const collect = (chunk: Buffer) => {
      output += chunk.toString()
    }
    started.stdout.on('data', collect)
    started.stderr.on('data', collect)
    await waitUntilReady(`${host ?? '127.0.0.1'}:${port}`, () => hasEnded(started)).catch(error => {
      started.kill('SIGKILL')
      throw new Error(`The server did not become ready.\n${output.slice(-4000)}`, { cause: error })
    })
  }

  async function end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
    const ending = child
    child = undefined
    if (ending === undefined || hasEnded(ending)) return ending?.exitCode ?? null
    const ended = new Promise<number | null>(resolve => ending.once('exit', code => resolve(code)))
    ending.kill(signal)
    const force = setTimeout(() => ending.kill('SIGKILL'), STOP_TIMEOUT_MS)
    const code = await ended
    clearTimeout(force)
    return code
  }

  const server: ServerProcess = {
    url: `http://${host ?? 'localhost'}:${port}`,
    port,
    dataDir,
    output: () => output,
    pid: () => child?.pid,
    async kill9() {
      await end('SIGKILL')
    },
    stop: () => end('SIGTERM'),
    async restart() {
      await end('SIGKILL')
      await launch()
    },
    async command(...words) {
      const asked = spawn(process.execPath, [SERVER_MAIN, ...words], {
        env,
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      let told = ''
      for (const stream of [asked.stdout, asked.stderr]) {
        stream.on('data', chunk => {
          told += String(chunk)
        })
      }
      await new Promise(resolve => asked.once('close', resolve))
      return told
    },
    async dispose() {
      await end('SIGTERM')
      await endLeftDatabase(dataDir)
      await ownDir?.remove()
    },
  }
  try {
    await launch()
  } catch (error) {
    await server.dispose()
    throw error
  }
  return server
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null

async function waitUntilReady(address: string, hasGivenUp: () => boolean): Promise<void> {
  const giveUpAt = Date.now() + READY_TIMEOUT_MS
  while (Date.now() < giveUpAt) {
    if (hasGivenUp()) throw new Error('it ended')
    const answer = await fetch(`http://${address}/readyz`).catch(() => undefined)
    if (answer?.ok) return
    await sleep(50)
  }
  throw new Error('it took too long')
}

/** A killed server leaves its PostgreSQL behind; without a restart nobody else would end it. */
async function endLeftDatabase(dataDir: string): Promise<void> {
  const pidFile = join(dataDir, 'postgres', 'postmaster.pid')
  const text = await readFile(pidFile, 'utf8').catch(() => '')
  const pid = Number(text.split('\n')[0])
  if (!Number.isInteger(pid) || pid <= 0) return
  try {
    process.kill(pid, 'SIGINT')
  } catch {
    return
  }
  for (let attempt = 0; attempt < 100; attempt++) {
    await sleep(50)
    try {
      process.kill(pid, 0)
    } catch {
      return
    }
  }
}
