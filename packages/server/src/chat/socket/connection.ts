import type { Duplex } from 'node:stream'
import { CLOSE, type ConversationId, encodeServerControl, type ServerControl } from '@entangle/protocol'
import type { WebSocket } from 'ws'
import type { Clock } from '../../ports/clock.ts'
import type { DeviceSession } from '../../ports/session-verifier.ts'
import type { FrameBuckets } from './frame-buckets.ts'
import { FLUSH_BYTES, type FrameJoiner, wrapBinaryFrame } from './websocket-frames.ts'

/** Over this much unsent data nothing more is pushed; the client fetches what it missed. */
const STALL_BYTES = 256 * 1024
const RESUME_BYTES = 32 * 1024
const CLOSE_BYTES = 1024 * 1024
const STALL_LIMIT_MS = 10_000
const HELLO_LIMIT_MS = 10_000

type State =
  /** Waits for the first frame. */
  | { readonly kind: 'opened'; readonly sinceMs: number }
  /** The answer to `hello` is being read; what arrives meanwhile is held back behind it. */
  | { readonly kind: 'greeting'; readonly held: Buffer[]; heldBytes: number; needsHeads: boolean }
  | { readonly kind: 'live' }
  /** Does not read fast enough: deliveries are left out until it has caught up. */
  | { readonly kind: 'stalled'; readonly sinceMs: number }
  | { readonly kind: 'closed' }

const LIVE: State = { kind: 'live' }
const CLOSED: State = { kind: 'closed' }

type Greeting = Extract<State, { kind: 'greeting' }>

function holdBack(greeting: Greeting, frames: readonly Buffer[]): void {
  for (const frame of frames) {
    greeting.heldBytes += frame.length
    if (greeting.heldBytes > STALL_BYTES) greeting.needsHeads = true
    else greeting.held.push(frame)
  }
}

/** When a turn has ended: one task for all who hold something, for a task costs as much as what it would do. */
export function createTurnEnd(): Surroundings['flushSoon'] {
  let holding: Connection[] = []
  const flushAll = () => {
    const connections = holding
    holding = []
    for (const connection of connections) connection.flush()
  }
  return connection => {
    if (holding.length === 0) queueMicrotask(flushAll)
    holding.push(connection)
  }
}

/** What all connections of a node have in common. */
export type Surroundings = {
  readonly join: FrameJoiner
  readonly flushSoon: (connection: Connection) => void
  readonly clock: Clock
  /** It missed something, after a stall or otherwise, and needs to know the heads. */
  readonly onHeadsNeeded: (connection: Connection) => void
}

type Parts = {
  readonly socket: WebSocket
  /** The stream under the WebSocket: written to directly, many frames to one system call. */
  readonly stream: Duplex
  readonly session: DeviceSession
  readonly buckets: FrameBuckets
}

/**
 * One device's WebSocket: what is written to it, when, and when it is given up. A class, because a delivery goes over
 * a thousand of them: every function and variable that each had for itself would have to come into the processor's
 * cache a thousand times. What a delivery needs comes first.
 */
export class Connection {
  #state: State
  readonly #stream: Duplex
  #pendingBytes = 0
  readonly #surroundings: Surroundings
  #pending: Buffer[] = []
  readonly #socket: WebSocket
  readonly session: DeviceSession
  readonly buckets: FrameBuckets
  readonly conversations = new Set<ConversationId>()
  invalidFrames = 0
  awaitsPong = false
  lastPingMs: number

  constructor({ socket, stream, session, buckets }: Parts, surroundings: Surroundings) {
    const now = surroundings.clock.now()
    this.#state = { kind: 'opened', sinceMs: now }
    this.#stream = stream
    this.#surroundings = surroundings
    this.#socket = socket
    this.session = session
    this.buckets = buckets
    this.lastPingMs = now
    stream.on('drain', () => this.#resumeIfSent())
  }

  get state(): State['kind'] {
    return this.#state.kind
  }

  startGreeting(): void {
    if (this.#state.kind !== 'opened') return
    this.#state = { kind: 'greeting', held: [], heldBytes: 0, needsHeads: false }
  }

  finishGreeting(ready: ServerControl): void {
    if (this.#state.kind !== 'greeting') return
    const { held, needsHeads } = this.#state
    this.#state = LIVE
    this.control(ready)
    for (const frame of held) this.#hold(frame)
    if (needsHeads) this.#surroundings.onHeadsNeeded(this)
  }

  /**
   * Deliveries: may be left out, the log has them. They leave with what else this turn brings, or at once where
   * nothing else is to come: to go over a thousand connections a second time costs as much as to write to them.
   */
  deliver(frames: readonly Buffer[], isAll: boolean): void {
    const { kind } = this.#state
    if (kind === 'opened' || kind === 'closed') return
    if (this.#state.kind === 'greeting') {
      holdBack(this.#state, frames)
      return
    }
    for (const frame of frames) {
      if (this.#stallOrClose()) continue
      if (isAll && this.#pendingBytes === 0) this.#write(frame)
      else this.#hold(frame)
    }
    if (isAll && this.#pendingBytes > 0) this.flush()
  }

  /** An answer: goes out as long as the connection lives. */
  answer(frame: Buffer): void {
    if (this.#state.kind === 'closed') return
    this.#stallOrClose()
    this.#hold(frame)
  }

  control(control: ServerControl): void {
    this.answer(wrapBinaryFrame(encodeServerControl(control)))
  }

  /** What is neither in the log nor in the heads: waits behind `ready`, and is never left out. */
  notify(control: ServerControl): void {
    const frame = wrapBinaryFrame(encodeServerControl(control))
    if (this.#state.kind === 'greeting') this.#state.held.push(frame)
    else if (this.#state.kind !== 'opened') this.answer(frame)
  }

  /** The heads have changed for this device: it is told them, now or with what it will be told anyway. */
  refreshHeads(): void {
    if (this.#state.kind === 'greeting') this.#state.needsHeads = true
    else if (this.#state.kind === 'live') this.#surroundings.onHeadsNeeded(this)
  }

  ping(): void {
    if (this.#state.kind === 'closed') return
    this.awaitsPong = true
    this.lastPingMs = this.#surroundings.clock.now()
    this.#socket.ping()
  }

  close(code: number): void {
    if (this.#state.kind === 'closed') return
    if (this.#pendingBytes > 0) this.flush()
    this.#state = CLOSED
    this.#socket.close(code)
  }

  terminate(): void {
    this.#state = CLOSED
    this.#socket.terminate()
  }

  /** Closes a connection that has been silent or stalled for too long. */
  checkPatience(nowMs: number): void {
    const state = this.#state
    if (state.kind === 'opened' && nowMs - state.sinceMs > HELLO_LIMIT_MS) this.close(CLOSE.unauthorized)
    if (state.kind === 'stalled' && nowMs - state.sinceMs > STALL_LIMIT_MS) this.close(CLOSE.slowConsumer)
  }

  /** Every time that was noted counts from now. */
  measureFrom(nowMs: number): void {
    this.lastPingMs = nowMs
    const state = this.#state
    if (state.kind === 'opened' || state.kind === 'stalled') this.#state = { ...state, sinceMs: nowMs }
  }

  /** Leaves when the turn ends: what it produced leaves in one write, for the call costs more than the copy. */
  #hold(frame: Buffer): void {
    if (this.#pendingBytes === 0) this.#surroundings.flushSoon(this)
    this.#pending.push(frame)
    this.#pendingBytes += frame.length
    if (this.#pendingBytes >= FLUSH_BYTES) this.flush()
  }

  /** Writes all that is held. */
  flush(): void {
    if (this.#pendingBytes === 0) return
    const frames = this.#pending
    this.#pending = []
    this.#pendingBytes = 0
    if (this.#state.kind !== 'closed') this.#write(this.#surroundings.join(frames))
  }

  #write(bytes: Buffer): void {
    if (!this.#stream.writable) return
    this.#stream.write(bytes)
    // A write that the system took at once is not followed by `drain`.
    this.#resumeIfSent()
  }

  #resumeIfSent(): void {
    if (this.#state.kind !== 'stalled') return
    if (this.#stream.writableLength + this.#pendingBytes > RESUME_BYTES) return
    this.#state = LIVE
    this.#surroundings.onHeadsNeeded(this)
  }

  #stallOrClose(): boolean {
    const unsent = this.#stream.writableLength + this.#pendingBytes
    if (unsent > CLOSE_BYTES) {
      this.close(CLOSE.slowConsumer)
      return true
    }
    if (unsent > STALL_BYTES && this.#state.kind === 'live')
      this.#state = { kind: 'stalled', sinceMs: this.#surroundings.clock.now() }
    return this.#state.kind === 'stalled'
  }
}
