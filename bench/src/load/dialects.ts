import { randomBytes } from 'node:crypto'
import {
  ACK_BYTES,
  encodeClientControl,
  encodeSend,
  FRAME,
  type MessageId,
  SOCKET_PATH,
  SOCKET_PROTOCOL,
} from '@entangle/protocol'
import { BODY_BYTES, bodyOf } from './bodies.ts'
import { openNatsClient, publish } from './nats-client.ts'
import { type FrameHandler, openRawSocket, type RawSocket } from './raw-socket.ts'
import type { SeededDevice } from './seed.ts'
import { numberOf, openXmppClient, textMessage } from './xmpp-client.ts'

/** What a frame that came in says, with the number of the message it speaks of. */
export type Heard =
  | { readonly kind: 'ack'; readonly number: number; readonly status: number }
  | { readonly kind: 'delivered'; readonly number: number }
  | { readonly kind: 'greeted' }
  | undefined

export type Opening = {
  readonly port: number
  readonly device: SeededDevice
  /** What the server has given beforehand to be let in, if it does. */
  readonly tickets: readonly string[]
  readonly onFrame: FrameHandler
  readonly onClose: (reason: string) => void
}

/** How the load speaks with a server. */
export type Dialect = {
  open(opening: Opening): Promise<RawSocket>
  /** Whether the server says when it is ready. */
  readonly isGreeted: boolean
  /** Whether who sends a message is told it as well. */
  readonly echoes: boolean
  hello(socket: RawSocket): void
  send(socket: RawSocket, message: Message): void
  hear(chunk: Buffer, start: number, end: number, socket: RawSocket | undefined): Heard
}

export type Message = {
  readonly sender: SeededDevice
  readonly number: number
  readonly counter: number
}

const RUN_ID = randomBytes(8).toString('hex')
/** The last eight bytes of a message id count the messages; of these the last four are read. */
const NUMBER_AT = 4 + 16 + 12

const messageId = (number: number): MessageId => (RUN_ID + number.toString(16).padStart(16, '0')) as MessageId

const sendFrame = ({ sender, number, counter }: Message): Uint8Array =>
  encodeSend({
    conversationId: sender.conversationId,
    messageId: messageId(number),
    epoch: 1,
    counter,
    body: bodyOf(sender),
  })

const overWebSocket =
  (pathOf: (device: SeededDevice) => string, protocols: readonly string[]): Dialect['open'] =>
  ({ device, tickets, ...rest }) =>
    openRawSocket({ path: pathOf(device), protocols: [...protocols, ...tickets], ...rest })

const frames: Dialect = {
  open: overWebSocket(() => SOCKET_PATH, [SOCKET_PROTOCOL]),
  isGreeted: true,
  echoes: true,
  hello: socket => socket.send(encodeClientControl({ t: 'hello', version: 1 })),
  send: (socket, message) => socket.send(sendFrame(message)),
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
  peer: {
    ...frames,
    open: overWebSocket(device => `/?${roomOf(device)}`, [SOCKET_PROTOCOL]),
    isGreeted: false,
    hello: () => undefined,
  },
  'socket.io': {
    open: overWebSocket(device => `/socket.io/?EIO=4&transport=websocket&${roomOf(device)}`, []),
    isGreeted: true,
    echoes: true,
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
  /** Over TCP, as its clients do; the payload is our frame as it was sent. */
  nats: {
    open: openNatsClient,
    isGreeted: false,
    echoes: true,
    hello: () => undefined,
    send: (socket, message) => socket.send(publish(message.sender.conversationId, sendFrame(message))),
    hear: (chunk, start) => ({ kind: 'delivered', number: chunk.readUInt32BE(start + NUMBER_AT) }),
  },
  /** Over TCP, between two: the other's address follows from the number. */
  xmpp: {
    open: openXmppClient,
    isGreeted: false,
    echoes: false,
    hello: () => undefined,
    send: (socket, { sender, number }) => socket.send(textMessage(sender.number ^ 1, number, filler)),
    hear(chunk, start, end) {
      const number = numberOf(chunk, start, end)
      return number === undefined ? undefined : { kind: 'delivered', number }
    },
  },
} as const satisfies Readonly<Record<string, Dialect>>
