import { createConnection, createServer, type Socket } from 'node:net'
import { createFrameReader } from './frame-reader.ts'

/** A wire between a browser and a server that can be cut, and that remembers what went over it. */
export type NetworkLink = {
  readonly port: number
  /** Connections die and new ones are refused. */
  cut(): void
  heal(): void
  close(): Promise<void>
  /** All bytes of both directions as they went over the wire; the frames of a browser are masked in it. */
  readonly bytes: Buffer[]
  /** WebSocket messages that the browser sent, unmasked and whole, by connection. */
  readonly sentFrames: readonly SentFrame[]
}

export type SentFrame = { readonly connection: number; readonly payload: Buffer }

export async function createNetworkLink(targetPort: number): Promise<NetworkLink> {
  const sockets = new Set<Socket>()
  const bytes: Buffer[] = []
  const sentFrames: SentFrame[] = []
  let connections = 0
  let isCut = false

  const track = (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
  }
  const server = createServer(near => {
    if (isCut) {
      near.destroy()
      return
    }
    const connection = ++connections
    const readFrames = createFrameReader(payload => sentFrames.push({ connection, payload }))
    const far = createConnection(targetPort, '127.0.0.1')
    track(near)
    track(far)
    near.on('close', () => far.destroy())
    far.on('close', () => near.destroy())
    near.on('data', chunk => {
      bytes.push(chunk)
      readFrames(chunk)
    })
    far.on('data', chunk => bytes.push(chunk))
    near.pipe(far).pipe(near)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no free port')
  const cut = () => {
    isCut = true
    for (const socket of sockets) socket.destroy()
  }
  return {
    port: address.port,
    cut,
    heal() {
      isCut = false
    },
    async close() {
      cut()
      await new Promise(resolve => server.close(resolve))
    },
    bytes,
    sentFrames,
  }
}
