import type { Duplex } from 'node:stream'
import { CLOSE, type ConversationId, encodeServerControl, type ServerControl } from '@entangle/protocol'
import type { WebSocket } from 'ws'
import type { Clock } from '../../ports/clock.ts'
import type { DeviceSession } from '../../ports/session-verifier.ts'
import type { FrameBuckets } from './frame-buckets.ts'
import { type FrameJoiner, wrapBinaryFrame } from './websocket-frames.ts'

/** Over this much unsent data nothing more is pushed; the client fetches what it missed. */
const STALL_BYTES = 256 * 1024
const RESUME_BYTES = 32 * 1024
const CLOSE_BYTES = 1024 * 1024
const STALL_LIMIT_MS = 10_000
/** So much is written before the turn ends: only what the system does not take counts as unsent. */
const FLUSH_BYTES = 64 * 1024
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

/** One device's WebSocket: what is written to it, when, and when it is given up. */
export type Connection = {
  readonly session: DeviceSession
  readonly buckets: FrameBuckets
  readonly conversations: Set<ConversationId>
  readonly state: State['kind']
  invalidFrames: number
  awaitsPong: boolean
  lastPingMs: number
  startGreeting(): void
  finishGreeting(ready: ServerControl): void
  /**
   * Deliveries: may be left out, the log has them. They leave with what else this turn brings, or at once where
   * nothing else is to come: to go over a thousand connections a second time costs as much as to write to them.
   */
  deliver(frames: readonly Buffer[], isAll: boolean): void
  /** An answer: goes out as long as the connection lives. */
  answer(frame: Buffer): void
  control(control: ServerControl): void
  /** What is neither in the log nor in the heads: waits behind `ready`, and is never left out. */
  notify(control: ServerControl): void
  /** The heads have changed for this device: it is told them, now or with what it will be told anyway. */
  refreshHeads(): void
  ping(): void
  close(code: number): void
  terminate(): void
  /** Closes a connection that has been silent or stalled for too long. */
  checkPatience(nowMs: number): void
  /** Every time that was noted counts from now. */
  measureFrom(nowMs: number): void
}

type Dependencies = {
  readonly socket: WebSocket
  /** The stream under the WebSocket: written to directly, many frames to one system call. */
  readonly stream: Duplex
  readonly session: DeviceSession
  readonly buckets: FrameBuckets
  readonly join: FrameJoiner
  readonly clock: Clock
  /** It missed something, after a stall or otherwise, and needs to know the heads. */
  readonly onHeadsNeeded: (connection: Connection) => void
}

type Greeting = Extract<State, { kind: 'greeting' }>

function holdBack(greeting: Greeting, frame: Buffer): void {
  greeting.heldBytes += frame.length
  if (greeting.heldBytes > STALL_BYTES) greeting.needsHeads = true
  else greeting.held.push(frame)
}

export function createConnection(dependencies: Dependencies): Connection {
  const { socket, stream, session, buckets, join, clock, onHeadsNeeded } = dependencies
  let state: State = { kind: 'opened', sinceMs: clock.now() }
  let pending: Buffer[] = []
  let pendingBytes = 0

  /** Everything that one turn of the event loop produced leaves in one write: the call costs more than the copy. */
  function flush(): void {
    const frames = pending
    pending = []
    pendingBytes = 0
    if (frames.length === 0 || state.kind === 'closed' || stream.destroyed || !stream.writable) return
    stream.write(join(frames))
    // A write that the system took at once is not followed by `drain`.
    resumeIfSent()
  }

  function hold(frame: Buffer): void {
    pending.push(frame)
    pendingBytes += frame.length
    if (pendingBytes >= FLUSH_BYTES) flush()
  }

  function write(frame: Buffer): void {
    if (pending.length === 0) queueMicrotask(flush)
    hold(frame)
  }

  function resumeIfSent(): void {
    if (state.kind !== 'stalled' || stream.writableLength + pendingBytes > RESUME_BYTES) return
    state = { kind: 'live' }
    onHeadsNeeded(connection)
  }

  function close(code: number): void {
    if (state.kind === 'closed') return
    if (pending.length > 0) flush()
    state = { kind: 'closed' }
    socket.close(code)
  }

  function stallOrClose(): boolean {
    const unsent = stream.writableLength + pendingBytes
    if (unsent > CLOSE_BYTES) {
      close(CLOSE.slowConsumer)
      return true
    }
    if (unsent > STALL_BYTES && state.kind === 'live') state = { kind: 'stalled', sinceMs: clock.now() }
    return state.kind === 'stalled'
  }

  stream.on('drain', resumeIfSent)

  const connection: Connection = {
    session,
    buckets,
    conversations: new Set(),
    invalidFrames: 0,
    awaitsPong: false,
    lastPingMs: clock.now(),
    get state() {
      return state.kind
    },
    startGreeting() {
      if (state.kind === 'opened') state = { kind: 'greeting', held: [], heldBytes: 0, needsHeads: false }
    },
    finishGreeting(ready) {
      if (state.kind !== 'greeting') return
      const { held, needsHeads } = state
      state = { kind: 'live' }
      connection.control(ready)
      for (const frame of held) write(frame)
      if (needsHeads) onHeadsNeeded(connection)
    },
    deliver(frames, isAll) {
      switch (state.kind) {
        case 'opened':
        case 'closed':
          return
        case 'greeting':
          for (const frame of frames) holdBack(state, frame)
          return
        case 'live':
        case 'stalled':
          if (!isAll && pending.length === 0) queueMicrotask(flush)
          for (const frame of frames) if (!stallOrClose()) hold(frame)
          if (isAll) flush()
      }
    },
    answer(frame) {
      if (state.kind === 'closed') return
      stallOrClose()
      write(frame)
    },
    control(control) {
      connection.answer(wrapBinaryFrame(encodeServerControl(control)))
    },
    notify(control) {
      const frame = wrapBinaryFrame(encodeServerControl(control))
      if (state.kind === 'greeting') state.held.push(frame)
      else if (state.kind !== 'opened') connection.answer(frame)
    },
    refreshHeads() {
      if (state.kind === 'greeting') state.needsHeads = true
      else if (state.kind === 'live') onHeadsNeeded(connection)
    },
    ping() {
      if (state.kind === 'closed') return
      connection.awaitsPong = true
      connection.lastPingMs = clock.now()
      socket.ping()
    },
    close,
    terminate() {
      state = { kind: 'closed' }
      socket.terminate()
    },
    measureFrom(nowMs) {
      connection.lastPingMs = nowMs
      if (state.kind === 'opened' || state.kind === 'stalled') state = { ...state, sinceMs: nowMs }
    },
    checkPatience(nowMs) {
      if (state.kind === 'opened' && nowMs - state.sinceMs > HELLO_LIMIT_MS) close(CLOSE.unauthorized)
      if (state.kind === 'stalled' && nowMs - state.sinceMs > STALL_LIMIT_MS) close(CLOSE.slowConsumer)
    },
  }
  return connection
}
