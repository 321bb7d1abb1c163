// Bun's own publish, which is written in native code: a room, and what a client says goes to everybody in it.
// It runs under Bun, which the benchmark fetches, and speaks our frames without asking for anything.
import process from 'node:process'

type BunSocket = { readonly data: { readonly room: string }; subscribe(topic: string): void }
type BunServer = {
  readonly port: number
  upgrade(request: Request, options: { readonly data: { readonly room: string } }): boolean
  publish(topic: string, frame: Uint8Array): void
  stop(closeAll: boolean): void
}
declare const Bun: {
  serve(options: {
    readonly port: number
    readonly hostname: string
    fetch(request: Request, server: BunServer): Response | undefined
    readonly websocket: {
      readonly perMessageDeflate: boolean
      open(socket: BunSocket): void
      message(socket: BunSocket, data: Uint8Array): void
    }
  }): BunServer
}

/** Bytes of the two headers, and of what both begin with: see the frames of the protocol. */
const SEND_HEADER = 52
const DELIVER_HEADER = 76
const COMMON = 44
const DELIVER = 3

function deliveryOf(send: Uint8Array): Uint8Array {
  const frame = new Uint8Array(DELIVER_HEADER + send.length - SEND_HEADER)
  frame.set(send.subarray(0, COMMON))
  frame[0] = DELIVER
  frame.set(send.subarray(SEND_HEADER), DELIVER_HEADER)
  return frame
}

process.once('message', () => {
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch(request, upgrading) {
      const room = new URL(request.url).searchParams.get('conversation') ?? ''
      return upgrading.upgrade(request, { data: { room } }) ? undefined : new Response(null, { status: 400 })
    },
    websocket: {
      perMessageDeflate: false,
      open: socket => socket.subscribe(socket.data.room),
      message: (socket, data) => server.publish(socket.data.room, deliveryOf(data)),
    },
  })
  process.send?.({ port: server.port })
})
process.on('disconnect', () => process.exit(0))
