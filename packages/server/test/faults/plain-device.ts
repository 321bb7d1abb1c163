import { hash as digest } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type AckFrame,
  type ConversationHead,
  type ConversationId,
  ERRORS,
  encodeClientControl,
  encodeSend,
  errorCodeOfNumber,
  FRAME,
  type LogEvent,
  type MessageId,
  parseAck,
  parseDeliver,
  parseServerControl,
  type SendFrame,
  SOCKET_PATH,
  SOCKET_PROTOCOL,
} from '@entangle/protocol'
import type { Recorder } from '@entangle/testkit/faults'
import { WebSocket } from 'ws'
import { type Person, randomId } from '../support/person.ts'
import { callOnce } from './patience.ts'

const NO_ACK_MS = 5000
/** From the opening of a connection to `ready`; a server that hangs would otherwise keep the device until a proxy gives up. */
const NO_GREETING_MS = 10_000
const HEADS_EVERY_MS = 3000
const CURSOR_DELAY_MS = 100

export const hashOf = (bytes: Uint8Array): string => digest('sha256', bytes, 'hex')

/** From the loss of a connection to the next answer, if there was one yet. */
type Outage = { readonly lostAt: number; endedAt?: number }
type Followed = { lastSeq: number; epoch: number; reading: boolean; cursor: number; told: number }
type Outgoing = { readonly frame: SendFrame; readonly hash: string; readonly since: number }

/**
 * A device that keeps to the protocol and encrypts nothing: what it sends is random bytes. It resends what has no
 * answer, heals from the log, and writes down all of it. Its storage is its memory, which no fault of these reaches.
 */
export class PlainDevice {
  readonly person: Person
  readonly id: string
  /** Called with every event, in order, after it was stored. */
  onEvent: (conversationId: ConversationId, event: LogEvent) => void = () => undefined
  connects = 0
  /** Messages that were answered for good. */
  answered = 0
  /** The last one. */
  outage: Outage | undefined
  readonly #recorder: Recorder
  readonly #followed = new Map<ConversationId, Followed>()
  readonly #outbox = new Map<MessageId, Outgoing>()
  #counter = 0
  #socket: WebSocket | undefined
  #isReady = false
  #ended = false
  #running: Promise<void> | undefined

  constructor(person: Person, recorder: Recorder) {
    this.person = person
    this.id = person.device.deviceId
    this.#recorder = recorder
  }

  follow(conversationId: ConversationId, after: number, epoch: number): void {
    this.#followed.set(conversationId, { lastSeq: after, epoch, reading: false, cursor: 0, told: 0 })
    this.#recorder.note({ kind: 'member', device: this.id, conversation: conversationId, after })
  }

  get conversations(): readonly ConversationId[] {
    return [...this.#followed.keys()]
  }

  lastSeq(conversationId: ConversationId): number {
    return this.#followed.get(conversationId)?.lastSeq ?? 0
  }

  /** Messages without a final word. */
  get unsettled(): number {
    return this.#outbox.size
  }

  start(): void {
    this.#running ??= this.#run()
  }

  async stop(): Promise<void> {
    this.#ended = true
    this.#socket?.terminate()
    await this.#running
    for (const { frame, hash } of this.#outbox.values()) this.#noteSend(frame, hash, { phase: 'unknown' })
  }

  post(conversationId: ConversationId, body: Uint8Array): void {
    const epoch = this.#followed.get(conversationId)?.epoch
    if (epoch === undefined) return
    this.#counter += 1
    const frame = { conversationId, messageId: randomId<MessageId>(), epoch, counter: this.#counter, body }
    const hash = hashOf(body)
    this.#outbox.set(frame.messageId, { frame, hash, since: performance.now() })
    this.#noteSend(frame, hash, { phase: 'invoke' })
    if (this.#isReady) this.#socket?.send(encodeSend(frame))
  }

  /** Reads nothing for a while, as a machine does that is busy or asleep. */
  async stall(durationMs: number): Promise<void> {
    const socket = this.#socket
    socket?.pause()
    await sleep(durationMs)
    socket?.resume()
  }

  /** Comes with many connections at once and leaves them standing there. */
  async storm(count: number): Promise<void> {
    const openings = Array.from({ length: count }, async () => {
      const socket = await this.#open()
      socket.on('error', () => undefined)
      await sleep(500)
      socket.terminate()
    })
    await Promise.allSettled(openings)
  }

  hangUp(): void {
    this.#socket?.terminate()
  }

  #noteSend(
    { conversationId: conversation, messageId: message, epoch }: SendFrame,
    hash: string,
    outcome: { phase: 'invoke' | 'fail' | 'unknown' } | { phase: 'ok'; seq: number },
  ): void {
    const attempt = { device: this.id, conversation, message, event: 'application' as const, epoch, hash }
    this.#recorder.note({ kind: 'send', ...attempt, ...outcome })
  }

  async #open(): Promise<WebSocket> {
    const { ticket } = await callOnce(this.person, 'issueTicket', {})
    return new WebSocket(
      this.person.api.url.replace('http', 'ws') + SOCKET_PATH,
      [SOCKET_PROTOCOL, `ticket.${ticket}`],
      { perMessageDeflate: false, handshakeTimeout: 5000 },
    )
  }

  async #run(): Promise<void> {
    while (!this.#ended) {
      try {
        await this.#live(await this.#open())
      } catch {
        // Whatever it was: come again.
      }
      this.#isReady = false
      await sleep(10 + Math.random() * 150)
    }
  }

  /** One connection from its opening to its end. */
  #live(socket: WebSocket): Promise<void> {
    this.#socket = socket
    const openedAt = performance.now()
    const watch = setInterval(() => {
      if (this.#isReady) this.#watch(socket)
      else if (performance.now() - openedAt > NO_GREETING_MS) socket.terminate()
    }, HEADS_EVERY_MS)
    const cursors = setInterval(() => this.#tellCursors(socket), CURSOR_DELAY_MS)
    return new Promise(resolve => {
      socket.on('open', () => {
        if (this.#ended) socket.terminate()
        else socket.send(encodeClientControl({ t: 'hello', version: 1 }))
      })
      socket.on('message', (data: Buffer) => this.#receive(socket, new Uint8Array(data)))
      socket.on('error', () => undefined)
      socket.on('close', () => {
        clearInterval(watch)
        clearInterval(cursors)
        if (this.outage === undefined || this.outage.endedAt !== undefined) {
          this.outage = { lostAt: performance.now() }
        }
        resolve()
      })
    })
  }

  #watch(socket: WebSocket): void {
    const [oldest] = this.#outbox.values()
    if (oldest !== undefined && performance.now() - oldest.since > NO_ACK_MS && !socket.isPaused) {
      this.#outbox.delete(oldest.frame.messageId)
      // To the end of those that wait, with a new time: the connection is given up once for it, not again and again.
      this.#outbox.set(oldest.frame.messageId, { ...oldest, since: performance.now() })
      socket.terminate()
    } else socket.send(encodeClientControl({ t: 'heads' }))
  }

  #tellCursors(socket: WebSocket): void {
    if (!this.#isReady) return
    for (const [conversationId, followed] of this.#followed) {
      if (followed.told >= followed.lastSeq) continue
      followed.told = followed.lastSeq
      this.#recorder.note({
        kind: 'cursor',
        where: 'told',
        device: this.id,
        conversation: conversationId,
        seq: followed.told,
      })
      socket.send(encodeClientControl({ t: 'cursor', conversationId, seq: followed.told }))
    }
  }

  #receive(socket: WebSocket, bytes: Uint8Array): void {
    if (bytes[0] === FRAME.ack) {
      const ack = parseAck(bytes)
      if (ack !== undefined) this.#settle(ack)
    } else if (bytes[0] === FRAME.deliver) {
      const event = parseDeliver(bytes)
      if (event !== undefined) this.#take(event.conversationId, event)
    } else {
      const control = parseServerControl(bytes)
      if (control?.t === 'ready') this.#begin(socket, control.heads)
      else if (control?.t === 'heads') this.#compare(control.heads)
      else if (control?.t === 'head') this.#read(control.conversationId)
    }
  }

  #begin(socket: WebSocket, heads: readonly ConversationHead[]): void {
    this.connects += 1
    this.#isReady = true
    this.#compare(heads)
    for (const { frame } of [...this.#outbox.values()].sort((a, b) => a.frame.counter - b.frame.counter)) {
      socket.send(encodeSend(frame))
    }
  }

  #compare(heads: readonly ConversationHead[]): void {
    for (const { conversationId, lastSeq } of heads) {
      if (lastSeq > this.lastSeq(conversationId)) this.#read(conversationId)
    }
  }

  #settle({ messageId, status, seq }: AckFrame): void {
    const outgoing = this.#outbox.get(messageId)
    if (outgoing === undefined) return
    const code = status === 0 ? undefined : errorCodeOfNumber(status)
    // It may pass another time: it stays, and goes out again with the next connection.
    if (status !== 0 && (code === undefined || ERRORS[code].retry === 'later')) return
    this.#outbox.delete(messageId)
    this.answered += 1
    if (this.outage !== undefined) this.outage.endedAt ??= performance.now()
    const outcome = status === 0 ? ({ phase: 'ok', seq } as const) : ({ phase: 'fail' } as const)
    this.#noteSend(outgoing.frame, outgoing.hash, outcome)
  }

  #take(conversationId: ConversationId, event: LogEvent): void {
    const followed = this.#followed.get(conversationId)
    if (followed === undefined || event.seq <= followed.lastSeq) return
    if (event.seq > followed.lastSeq + 1) {
      this.#read(conversationId)
      return
    }
    followed.lastSeq = event.seq
    if (event.kind === 'commit') followed.epoch = event.epoch + 1
    this.#recorder.note({
      kind: 'show',
      device: this.id,
      conversation: conversationId,
      seq: event.seq,
      epoch: event.epoch,
      event: event.kind,
      message: event.messageId,
      sender: event.senderDevice,
      hash: hashOf(event.body),
    })
    this.onEvent(conversationId, event)
  }

  /** What is missing, from the log. What fails now is found again by the next look at the heads. */
  #read(conversationId: ConversationId): void {
    const followed = this.#followed.get(conversationId)
    if (followed === undefined || followed.reading) return
    followed.reading = true
    const readOn = async (): Promise<void> => {
      const after = followed.lastSeq
      const page = await callOnce(this.person, 'readEvents', { conversationId, after })
      for (const event of page.events) this.#take(conversationId, event)
      if (followed.lastSeq > after && followed.lastSeq < page.lastSeq) await readOn()
    }
    readOn()
      .catch(() => undefined)
      .finally(() => {
        followed.reading = false
      })
  }
}
