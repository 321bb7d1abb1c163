import { createConnection, createServer, type Socket } from 'node:net'

/** A wire between a browser and a server that can be cut: connections die and new ones are refused. */
export type NetworkLink = {
  readonly port: number
  cut(): void
  heal(): void
  close(): Promise<void>
}

export async function createNetworkLink(targetPort: number): Promise<NetworkLink> {
  const sockets = new Set<Socket>()
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
    const far = createConnection(targetPort, '127.0.0.1')
    track(near)
    track(far)
    near.on('close', () => far.destroy())
    far.on('close', () => near.destroy())
    near.pipe(far).pipe(near)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no free port')
  const cutNow = () => {
    isCut = true
    for (const socket of sockets) socket.destroy()
  }
  return {
    port: address.port,
    cut: cutNow,
    heal() {
      isCut = false
    },
    async close() {
      cutNow()
      await new Promise(resolve => server.close(resolve))
    },
  }
}
