import { randomBytes } from 'node:crypto'
import { createConnection, type Socket } from 'node:net'

/** A WebSocket of the load: it costs less than what it measures. Frames are given out where they lie, unread. */
export type RawSocket = {
  /** One binary or text message. */
  send(payload: Uint8Array, opcode?: number): void
  end(): void
  readonly isOpen: boolean
}

export type FrameHandler = (chunk: Buffer, start: number, end: number) => void

type Options = {
  readonly port: number
  readonly path: string
  readonly protocols?: readonly string[]
  readonly headers?: Readonly<Record<string, string>>
  readonly onFrame: FrameHandler
  readonly onClose: (reason: string) => void
}

const OPCODE = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const
const OPEN_TIMEOUT_MS = 30_000

/** The same mask for every frame of this process: a server cannot know, and nobody has to be kept from guessing it. */
const MASK = randomBytes(4)

function mask(payload: Uint8Array, opcode: number): Buffer {
  const { length } = payload
  const headerBytes = length < 126 ? 6 : length < 0x1_0000 ? 8 : 14
  const frame = Buffer.allocUnsafe(headerBytes + length)
  frame[0] = 0x80 | opcode
  if (headerBytes === 6) {
    frame[1] = 0x80 | length
  } else if (headerBytes === 8) {
    frame[1] = 0x80 | 126
    frame.writeUInt16BE(length, 2)
  } else {
    frame[1] = 0x80 | 127
    frame.writeBigUInt64BE(BigInt(length), 2)
  }
  frame.set(MASK, headerBytes - 4)
  for (let at = 0; at < length; at++) frame[headerBytes + at] = (payload[at] ?? 0) ^ (MASK[at & 3] ?? 0)
  return frame
}

/** Cuts a stream of bytes into frames of a server, which do not come masked. Answers with the bytes left over. */
function readFrames(bytes: Buffer, onFrame: (opcode: number, start: number, end: number) => void): Buffer {
  let at = 0
  while (bytes.length - at >= 2) {
    const short = (bytes[at + 1] ?? 0) & 0x7f
    const headerBytes = short < 126 ? 2 : short === 126 ? 4 : 10
    if (bytes.length - at < headerBytes) break
    const length =
      short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : bytes.readUInt32BE(at + 6)
    const end = at + headerBytes + length
    if (end > bytes.length) break
    onFrame((bytes[at] ?? 0) & 0x0f, at + headerBytes, end)
    at = end
  }
  return at === bytes.length ? EMPTY : bytes.subarray(at)
}
const EMPTY = Buffer.alloc(0)

function requestOf({ port, path, protocols = [], headers = {} }: Options): string {
  const lines = {
    Host: `localhost:${port}`,
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
    ...(protocols.length === 0 ? {} : { 'Sec-WebSocket-Protocol': protocols.join(', ') }),
    ...headers,
  }
  const head = Object.entries(lines).map(([name, value]) => `${name}: ${value}\r\n`)
  return `GET ${path} HTTP/1.1\r\n${head.join('')}\r\n`
}

/** Resolves with the bytes behind the answer's head. */
function upgrade(stream: Socket, options: Options): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let head = EMPTY
    const timer = setTimeout(() => fail('no answer'), OPEN_TIMEOUT_MS)
    const fail = (reason: string) => {
      clearTimeout(timer)
      stream.destroy()
      reject(new Error(`The WebSocket did not open: ${reason}`))
    }
    const onData = (chunk: Buffer) => {
      head = Buffer.concat([head, chunk])
      const end = head.indexOf('\r\n\r\n')
      if (end < 0) return
      stream.off('data', onData)
      const text = head.toString('latin1')
      if (!text.startsWith('HTTP/1.1 101')) return fail(text.slice(0, 400))
      clearTimeout(timer)
      stream.off('close', onClose)
      resolve(head.subarray(end + 4))
    }
    const onClose = () => fail('it was closed')
    stream.on('data', onData)
    stream.once('close', onClose)
    stream.write(requestOf(options))
  })
}

export async function openRawSocket(options: Options): Promise<RawSocket> {
  const stream = createConnection({ port: options.port, host: '127.0.0.1', noDelay: true })
  // The first that is known is why: whoever writes to what has been closed makes another error.
  let reason: string | undefined
  stream.on('error', error => {
    reason ??= error.message
  })
  let rest = await upgrade(stream, options)
  let current = rest
  let isOpen = true
  stream.once('close', () => {
    isOpen = false
    options.onClose(reason ?? 'the connection ended')
  })
  const onFrame = (opcode: number, start: number, end: number) => {
    if (opcode === OPCODE.binary || opcode === OPCODE.text) return options.onFrame(current, start, end)
    if (opcode === OPCODE.ping) stream.write(mask(current.subarray(start, end), OPCODE.pong))
    if (opcode === OPCODE.close) {
      reason ??= `closed with ${end - start >= 2 ? current.readUInt16BE(start) : 1005}`
      stream.end()
    }
  }
  const read = (chunk: Buffer) => {
    current = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    rest = readFrames(current, onFrame)
  }
  if (rest.length > 0) {
    const first = rest
    rest = EMPTY
    read(first)
  }
  stream.on('data', read)
  return {
    send: (payload, opcode = OPCODE.binary) => {
      stream.write(mask(payload, opcode))
    },
    end: () => stream.destroy(),
    get isOpen() {
      return isOpen
    },
  }
}
