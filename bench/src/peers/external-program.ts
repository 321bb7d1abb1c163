import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createConnection } from 'node:net'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import type { PeerProcess } from './peer-process.ts'

const READY_TIMEOUT_MS = 30_000

const answers = (port: number): Promise<boolean> =>
  new Promise(resolve => {
    const probe = createConnection({ port, host: '127.0.0.1' })
    probe.once('connect', () => {
      probe.destroy()
      resolve(true)
    })
    probe.once('error', () => resolve(false))
  })

type Program = {
  readonly command: string
  readonly words: readonly string[]
  readonly port: number
  readonly env?: Readonly<Record<string, string>>
}

/** Starts a server that the machine has, and waits until it listens. Answers with nothing where it is not installed. */
export async function startProgram({ command, words, port, env }: Program): Promise<PeerProcess | undefined> {
  const child = spawn(command, words, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  const collect = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-4000)
  }
  child.stdout.on('data', collect)
  child.stderr.on('data', collect)
  const spawned = await Promise.race([
    once(child, 'spawn').then(() => true),
    once(child, 'error').then(() => false),
  ]).catch(() => false)
  if (!spawned) return undefined
  const giveUpAt = performance.now() + READY_TIMEOUT_MS
  while (!(await answers(port))) {
    if (child.exitCode !== null || performance.now() > giveUpAt) {
      child.kill('SIGKILL')
      throw new Error(`${command} does not listen.\n${output}`)
    }
    await sleep(50)
  }
  return {
    port,
    pid: child.pid ?? 0,
    async end() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      const force = setTimeout(() => child.kill('SIGKILL'), 5000)
      await ended
      clearTimeout(force)
    },
  }
}
