import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

/** A program that others wrote, running for a test as an operator would run it. */
export type ServiceProcess = {
  /** Everything it has written so far, over all restarts. */
  output(): string
  pid(): number | undefined
  /** Ends it as a power cut does. */
  kill9(): Promise<void>
  /** Asks it to end, and waits until it has. */
  stop(): Promise<void>
  /** Starts it again with the same files; kills it first if it runs. */
  restart(): Promise<void>
  /** It is there, and answers nobody until `resume`. */
  pause(): void
  resume(): void
}

type Options = {
  readonly name: string
  readonly file: string
  readonly args: readonly string[]
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
  readonly identity?: { readonly uid?: number; readonly gid?: number }
  /** Throws as long as it does not serve. */
  readonly check: () => Promise<void>
  readonly readyWithinMs?: number
}

const STOP_WITHIN_MS = 20_000
const READY_WITHIN_MS = 60_000
const OUTPUT_LIMIT = 200_000

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null

/** Path of a program on this machine, or undefined. */
export function findProgram(...names: readonly string[]): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/bin', '/usr/sbin', '/usr/local/bin']
  for (const path of names.flatMap(name => folders.map(folder => join(folder, name)))) {
    try {
      accessSync(path, constants.X_OK)
      return path
    } catch {}
  }
  return undefined
}

/** Processes that this one started and that run. */
export async function childrenOf(parent: number | undefined): Promise<number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-e', '-o', 'pid=,ppid='])
  const lines = stdout.split('\n').map(line => line.trim().split(/\s+/).map(Number))
  return lines.flatMap(([pid, ppid]) => (pid !== undefined && ppid === parent ? [pid] : []))
}

export async function startService(options: Options): Promise<ServiceProcess> {
  const { name, file, args, cwd, env, identity, check } = options
  let output = ''
  let child: ChildProcess | undefined

  async function waitUntilReady(started: ChildProcess): Promise<void> {
    const giveUpAt = Date.now() + (options.readyWithinMs ?? READY_WITHIN_MS)
    for (;;) {
      try {
        return await check()
      } catch (cause) {
        if (!hasEnded(started) && Date.now() < giveUpAt) {
          await sleep(50)
          continue
        }
        started.kill('SIGKILL')
        throw new Error(`${name} did not become ready.\n${output.slice(-4000)}`, { cause })
      }
    }
  }

  async function launch(): Promise<void> {
    const started = spawn(file, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...identity,
    })
    child = started
    for (const stream of [started.stdout, started.stderr]) {
      stream.on('data', chunk => {
        output = (output + String(chunk)).slice(-OUTPUT_LIMIT)
      })
    }
    started.once('error', error => {
      output += String(error)
    })
    await waitUntilReady(started)
  }

  async function end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const ending = child
    child = undefined
    if (ending === undefined || hasEnded(ending)) return
    const ended = new Promise(resolve => ending.once('exit', resolve))
    ending.kill(signal)
    if (signal === 'SIGTERM') ending.kill('SIGCONT')
    const force = setTimeout(() => ending.kill('SIGKILL'), STOP_WITHIN_MS)
    await ended
    clearTimeout(force)
  }

  await launch()
  return {
    output: () => output,
    pid: () => child?.pid,
    kill9: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    async restart() {
      await end('SIGKILL')
      await launch()
    },
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
  }
}
