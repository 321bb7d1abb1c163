import { fork } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import type { PeerOptions } from './naive-server.ts'
import type { SocketIoOptions } from './socket-io-server.ts'

export type ProgramOptions = {
  readonly 'naive-server': PeerOptions
  readonly 'socket-io-server': SocketIoOptions
  readonly 'bun-server': Readonly<Record<string, never>>
}

/** A peer in a process of its own. */
export type PeerProcess = { readonly port: number; readonly pid: number; end(): Promise<void> }

/** Starts one of the programs beside this file, which answers its options with the address it listens on. */
export async function startPeer<Program extends keyof ProgramOptions>(
  program: Program,
  options: ProgramOptions[Program],
  execPath = process.execPath,
): Promise<PeerProcess> {
  const child = fork(fileURLToPath(new URL(`${program}.ts`, import.meta.url)), [], { execPath })
  child.send(options)
  const port = await new Promise<number>((resolve, reject) => {
    child.once('message', (address: { readonly port: number }) => resolve(address.port))
    child.once('exit', code => reject(new Error(`the peer ${program} ended (${code})`)))
  })
  return {
    port,
    pid: child.pid ?? 0,
    async end() {
      const ended = once(child, 'exit')
      child.disconnect()
      await ended
    },
  }
}
