import { createConnection, createServer, type Socket } from 'node:net'

/** A wire to a port of this machine, or to a socket in its file system, that can be cut, go silent, and lead elsewhere. */
export type Relay = {
  readonly host: string
  readonly port: number
  /** Connections die and new ones are refused. */
  cut(): void
  /** Nothing passes any more and nobody is told, as where a network is parted. What waits goes on after `heal`. */
  hold(): void
  heal(): void
  /** New connections go to that port. */
  lead(targetPort: number): void
  close(): Promise<void>
}

/** Sees what passes on one connection. */
type Witness = { readonly asked: (chunk: Buffer) => void; readonly answered: (chunk: Buffer) => void }
type Options = { readonly host?: string; readonly port?: number; readonly witness?: () => Witness }

export async function createRelay(firstTarget: number | string, options: Options = {}): Promise<Relay> {
  const { host = '127.0.0.1', port = 0, witness } = options
  const sockets = new Set<Socket>()
  /** What makes each connection wait, and what lets those pass again that do. */
  const stops = new Map<Socket, () => void>()
  const held = new Set<() => unknown>()
  let target = firstTarget
  let state: 'open' | 'held' | 'cut' = 'open'

  const track = (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
  }
  function join(near: Socket): void {
    const far = typeof target === 'string' ? createConnection(target) : createConnection(target, '127.0.0.1')
    track(far)
    const flow = () => near.pipe(far).pipe(near)
    const stop = () => {
      near.unpipe(far).pause()
      far.unpipe(near).pause()
    }
    stops.set(near, () => {
      stop()
      held.add(flow)
    })
    near.on('close', () => {
      stops.delete(near)
      held.delete(flow)
      far.destroy()
    })
    far.on('close', () => near.destroy())
    const seen = witness?.()
    if (seen !== undefined) {
      near.on('data', seen.asked)
      far.on('data', seen.answered)
    }
    flow()
  }

  const server = createServer({ pauseOnConnect: true }, near => {
    if (state === 'cut') {
      near.destroy()
      return
    }
    track(near)
    if (state === 'open') join(near)
    else held.add(() => near.destroyed || join(near))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no free port')
  const cut = () => {
    state = 'cut'
    held.clear()
    for (const socket of sockets) socket.destroy()
  }
  return {
    host,
    port: address.port,
    cut,
    hold() {
      state = 'held'
      for (const stop of stops.values()) stop()
    },
    heal() {
      state = 'open'
      const waiting = [...held]
      held.clear()
      for (const flow of waiting) flow()
    },
    lead(otherPort) {
      target = otherPort
    },
    async close() {
      cut()
      await new Promise(resolve => server.close(resolve))
    },
  }
}
