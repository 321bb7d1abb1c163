// Socket.IO as its documentation shows it: a room, and what a client says goes to everybody in it.
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import process from 'node:process'

export type SocketIoOptions = { readonly folder: string }

type Room = { emit(event: string, payload: unknown): void }
type Client = {
  readonly handshake: { readonly query: Readonly<Record<string, string | undefined>> }
  join(room: string): void
  on(event: string, handler: (payload: unknown) => void): void
}
type Io = { on(event: 'connection', handler: (client: Client) => void): void; to(room: string): Room }
type SocketIo = { readonly Server: new (server: unknown, options: object) => Io }

process.once('message', ({ folder }: SocketIoOptions) => {
  const { Server } = createRequire(join(folder, 'package.json'))(folder) as SocketIo
  const server = createServer()
  const io = new Server(server, { transports: ['websocket'], perMessageDeflate: false })
  io.on('connection', client => {
    const room = client.handshake.query['conversation'] ?? ''
    client.join(room)
    client.on('m', payload => io.to(room).emit('m', payload))
  })
  server.listen(0, '127.0.0.1', () => process.send?.(server.address()))
})
process.on('disconnect', () => process.exit(0))
