import {
  type AckFrame,
  type ClientControl,
  type ConversationId,
  type DeliverFrame,
  encodeClientControl,
  encodeSend,
  FRAME,
  type MessageId,
  parseAck,
  parseDeliver,
  parseServerControl,
  type SendFrame,
  type ServerControl,
  SOCKET_PATH,
  SOCKET_PROTOCOL,
} from '@entangle/protocol'
import { WebSocket } from 'ws'
import type { Api } from './api.ts'
import { randomId } from './person.ts'

type Received = AckFrame | DeliverFrame | ServerControl

/** A device's socket that keeps everything it was sent. */
export class Socket {
  readonly acks: AckFrame[] = []
  readonly delivered: DeliverFrame[] = []
  readonly controls: ServerControl[] = []
  readonly closed: Promise<number>
  readonly #socket: WebSocket
  #counter = 0
  #waiting: (() => void)[] = []

  constructor(socket: WebSocket) {
    this.#socket = socket
    socket.on('message', (data: Buffer) => {
      this.#receive(new Uint8Array(data))
      for (const wake of this.#waiting.splice(0)) wake()
    })
    this.closed = new Promise(resolve =>
      socket.once('close', code => {
        resolve(code)
        for (const wake of this.#waiting.splice(0)) wake()
      }),
    )
    socket.on('error', () => undefined)
  }

  #receive(bytes: Uint8Array): void {
    if (bytes[0] === FRAME.ack) this.acks.push(must(parseAck(bytes)))
    else if (bytes[0] === FRAME.deliver) this.delivered.push(must(parseDeliver(bytes)))
    else this.controls.push(must(parseServerControl(bytes)))
  }

  static async open(api: Api, headers: Record<string, string> = {}): Promise<Socket> {
    const { ticket } = await api.call('issueTicket', {})
    return Socket.openWith(api.url, ticket, headers)
  }

  static async openWith(url: string, ticket: string, headers: Record<string, string> = {}): Promise<Socket> {
    const socket = new WebSocket(
      url.replace('http', 'ws') + SOCKET_PATH,
      [SOCKET_PROTOCOL, `ticket.${ticket}`],
      { headers, perMessageDeflate: false },
    )
    const wrapped = new Socket(socket)
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve)
      socket.once('error', reject)
    })
    return wrapped
  }

  /** Opened and greeted. */
  static async connect(api: Api): Promise<Socket> {
    const socket = await Socket.open(api)
    socket.control({ t: 'hello', version: 1 })
    await socket.until(() => socket.controls.some(control => control.t === 'ready'))
    return socket
  }

  async until(condition: () => boolean, timeoutMs = 10_000): Promise<void> {
    const giveUpAt = Date.now() + timeoutMs
    while (!condition()) {
      if (Date.now() > giveUpAt) throw new Error('waited in vain')
      await Promise.race([
        new Promise<void>(resolve => this.#waiting.push(resolve)),
        new Promise(resolve => setTimeout(resolve, 200)),
      ])
    }
  }

  controlOf<Kind extends ServerControl['t']>(kind: Kind): Extract<ServerControl, { t: Kind }> {
    const found = this.controls.findLast(control => control.t === kind)
    return must(found) as Extract<ServerControl, { t: Kind }>
  }

  control(control: ClientControl): void {
    this.raw(encodeClientControl(control))
  }

  raw(bytes: Uint8Array | string): void {
    this.#socket.send(bytes)
  }

  get bufferedByTest(): number {
    return this.#socket.bufferedAmount
  }

  /** Closes as the protocol says, after everything that was sent. */
  end(): void {
    this.#socket.close()
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  frame(conversationId: ConversationId, body: Uint8Array, fields: Partial<SendFrame> = {}): SendFrame {
    this.#counter += 1
    return {
      conversationId,
      messageId: randomId<MessageId>(),
      epoch: 1,
      counter: this.#counter,
      body,
      ...fields,
    }
  }

  /** Sends without waiting. */
  post(frame: SendFrame): void {
    this.raw(encodeSend(frame))
  }

  async send(frame: SendFrame, timeoutMs?: number): Promise<AckFrame> {
    const before = this.acks.length
    this.post(frame)
    const find = () => this.acks.slice(before).find(ack => ack.messageId === frame.messageId)
    await this.until(() => find() !== undefined, timeoutMs)
    return must(find())
  }

  close(): void {
    this.#socket.terminate()
  }
}

function must<T extends Received>(value: T | undefined): T {
  if (value === undefined) throw new Error('an unreadable frame arrived')
  return value
}
