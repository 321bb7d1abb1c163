import { randomBytes } from 'node:crypto'
import {
  ACK_BYTES,
  type ConversationId,
  encodeClientControl,
  encodeSend,
  FRAME,
  type MessageId,
  SOCKET_PATH,
  SOCKET_PROTOCOL,
} from '@entangle/protocol'
import type { RawSocket } from './raw-socket.ts'
import type { SeededDevice } from './seed.ts'

/** What a frame that came in says, with the number of the message it speaks of. */
export type Heard =
  | { readonly kind: 'ack'; readonly number: number; readonly status: number }
  | { readonly kind: 'delivered'; readonly number: number }
  | { readonly kind: 'greeted' }
  | undefined

/** How the load speaks with a server. */
export type Dialect = {
  path(device: SeededDevice): string
  readonly protocols: readonly string[]
  /** Whether the server says when it is ready. */
  readonly isGreeted: boolean
  hello(socket: RawSocket): void
  send(socket: RawSocket, message: Message): void
  hear(chunk: Buffer, start: number, end: number, socket: RawSocket | undefined): Heard
}

export type Message = {
  readonly conversationId: ConversationId
  readonly number: number
  readonly counter: number
}

/** As large as a short message is after padding and encryption. */
export const BODY_BYTES = 400

const body = randomBytes(BODY_BYTES)
const RUN_ID = randomBytes(8).toString('hex')
/** The last eight bytes of a message id count the messages; of these the last four are read. */
const NUMBER_AT = 4 + 16 + 12

const messageId = (number: number): MessageId => (RUN_ID + number.toString(16).padStart(16, '0')) as MessageId

const frames: Dialect = {
  path: () => SOCKET_PATH,
  protocols: [SOCKET_PROTOCOL],
  isGreeted: true,
  hello: socket => socket.send(encodeClientControl({ t: 'hello', version: 1 })),
  send(socket, { conversationId, number, counter }) {
    socket.send(encodeSend({ conversationId, messageId: messageId(number), epoch: 1, counter, body }))
  },
  hear(chunk, start, end) {
    const type = chunk[start]
    if (type === FRAME.deliver) return { kind: 'delivered', number: chunk.readUInt32BE(start + NUMBER_AT) }
    if (type !== FRAME.ack || end - start !== ACK_BYTES) return { kind: 'greeted' }
    return {
      kind: 'ack',
      number: chunk.readUInt32BE(start + NUMBER_AT),
      status: chunk.readUInt16BE(start + 2),
    }
  },
}

const roomOf = ({ deviceId, conversationId }: SeededDevice): string =>
  `device=${deviceId}&conversation=${conversationId}`

/** Engine.IO 4 under Socket.IO 5: text, one packet a frame. */
const PACKET = '42["m","'
const PING = '2'.charCodeAt(0)
const filler = randomBytes(BODY_BYTES / 2)
  .toString('hex')
  .slice(8)
const TEXT = 1

const text = (words: string): Buffer => Buffer.from(words, 'latin1')

export const DIALECTS = {
  /** The whole server, with its authentication. */
  entangle: frames,
  /** A peer that speaks the same frames and asks for nothing. */
  peer: { ...frames, path: device => `/?${roomOf(device)}`, isGreeted: false, hello: () => undefined },
  'socket.io': {
    path: device => `/socket.io/?EIO=4&transport=websocket&${roomOf(device)}`,
    protocols: [],
    isGreeted: true,
    hello: socket => socket.send(text('40'), TEXT),
    send(socket, { number }) {
      socket.send(text(`${PACKET}${number.toString(16).padStart(8, '0')}${filler}"]`), TEXT)
    },
    hear(chunk, start, end, socket) {
      const at = start + PACKET.length
      if (end - start > BODY_BYTES)
        return { kind: 'delivered', number: Number.parseInt(chunk.toString('latin1', at, at + 8), 16) }
      if (end - start === 1 && chunk[start] === PING) socket?.send(text('3'), TEXT)
      return chunk.toString('latin1', start, start + 2) === '40' ? { kind: 'greeted' } : undefined
    },
  },
} as const satisfies Readonly<Record<string, Dialect>>
