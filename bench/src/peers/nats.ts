import { findFreePort } from '@entangle/testkit/harness'
import { startProgram } from './external-program.ts'
import type { PeerProcess } from './peer-process.ts'

/** NATS as it comes: subjects in memory, nothing kept. */
export async function startNats(): Promise<PeerProcess | undefined> {
  const port = await findFreePort()
  return startProgram({ command: 'nats-server', words: ['-a', '127.0.0.1', '-p', String(port)], port })
}
