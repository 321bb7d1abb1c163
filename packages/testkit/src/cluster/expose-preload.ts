import { createConnection } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { createRelay } from '../harness/relay.ts'

// Loaded into a server that lies in a network of its own: it listens on loopback, as one without HTTPS has to, and is
// reached from outside by the same port. In its process, so that nobody accepts for a server that is not there.

const LOOK_EVERY_MS = 50

const listens = (port: number) =>
  new Promise<boolean>(resolve => {
    const socket = createConnection(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })

async function expose(host: string, port: number): Promise<void> {
  while (!(await listens(port))) await sleep(LOOK_EVERY_MS)
  await createRelay(port, { host, port })
}

const { EXPOSE_HOST, PORT } = process.env
if (EXPOSE_HOST !== undefined) void expose(EXPOSE_HOST, Number(PORT))
