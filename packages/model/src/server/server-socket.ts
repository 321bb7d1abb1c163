import type { IncomingMessage, Server } from 'node:http'
import { Duplex } from 'node:stream'
import { SOCKET_PATH, SOCKET_PROTOCOL } from '@entangle/protocol'

const BINARY = 0x82
const CLOSE = 0x88
const PING = 0x9

export type ServerSocketEvents = {
  readonly opened: () => void
  readonly received: (frame: Uint8Array) => void
  /** Exactly once. */
  readonly closed: (code: number) => void
}

/** The client's end of a WebSocket that never sees a network: the server's upgrade handler gets a stream in memory. */
export type ServerSocket = {
  readonly send: (frame: Uint8Array) => void
  /** The connection is gone, without a word. */
  readonly destroy: () => void
}

/** A frame of a client has a mask (RFC 6455, section 5.3); that of all zeros changes nothing. */
function maskedFrame(first: number, payload: Uint8Array): Buffer {
  const { length } = payload
  const lengthBytes = length < 126 ? 0 : length < 0x1_0000 ? 2 : 8
  const frame = Buffer.alloc(2 + lengthBytes + 4 + length)
  frame[0] = first
  frame[1] = 0x80 | (lengthBytes === 0 ? length : lengthBytes === 2 ? 126 : 127)
  if (lengthBytes === 2) frame.writeUInt16BE(length, 2)
  if (lengthBytes === 8) frame.writeUInt32BE(length, 6)
  frame.set(payload, 6 + lengthBytes)
  return frame
}

type Parsed = { readonly size: number; readonly opcode: number; readonly payload: Buffer }

function parseFrame(bytes: Buffer): Parsed | undefined {
  const short = (bytes[1] ?? 0) & 0x7f
  const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0
  const at = 2 + lengthBytes
  if (bytes.length < at) return undefined
  const length = lengthBytes === 2 ? bytes.readUInt16BE(2) : lengthBytes === 8 ? bytes.readUInt32BE(6) : short
  if (bytes.length < at + length) return undefined
  return { size: at + length, opcode: (bytes[0] ?? 0) & 0x0f, payload: bytes.subarray(at, at + length) }
}

export function openServerSocket(server: Server, ticket: string, events: ServerSocketEvents): ServerSocket {
  let pending = Buffer.alloc(0)
  let isUpgraded = false
  let isClosed = false

  const end = (code: number) => {
    if (isClosed) return
    isClosed = true
    stream.destroy()
    events.closed(code)
  }

  const takeHead = () => {
    const at = pending.indexOf('\r\n\r\n')
    if (at < 0) return
    if (!pending.toString('latin1', 0, at).startsWith('HTTP/1.1 101')) return end(1006)
    pending = pending.subarray(at + 4)
    isUpgraded = true
    events.opened()
  }

  const read = () => {
    if (!isUpgraded) takeHead()
    while (isUpgraded && !isClosed) {
      const frame = parseFrame(pending)
      if (frame === undefined) return
      pending = pending.subarray(frame.size)
      if (frame.opcode === 8) return end(frame.payload.length > 1 ? frame.payload.readUInt16BE(0) : 1005)
      if (frame.opcode === PING) stream.push(maskedFrame(0x8a, frame.payload))
      else if (frame.opcode === 2) events.received(new Uint8Array(frame.payload))
    }
  }

  const stream = new Duplex({
    read: () => undefined,
    write(chunk: Buffer, _, done) {
      pending = Buffer.concat([pending, chunk])
      done()
      read()
    },
    final(done) {
      done()
      end(1006)
    },
    destroy(error, done) {
      done(error)
      end(1006)
    },
  })
  const request = {
    method: 'GET',
    url: SOCKET_PATH,
    headers: {
      host: 'localhost',
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'bW9kZWwtYmFzZWQtdGVzdA==',
      'sec-websocket-protocol': `${SOCKET_PROTOCOL}, ticket.${ticket}`,
    },
  }
  server.emit('upgrade', request as unknown as IncomingMessage, stream, Buffer.alloc(0))

  return {
    send(frame) {
      if (!isClosed) stream.push(maskedFrame(BINARY, frame))
    },
    destroy() {
      if (isClosed) return
      isClosed = true
      stream.push(maskedFrame(CLOSE, new Uint8Array()))
      stream.destroy()
    },
  }
}
