import {
  type AckFrame,
  type ClientControl,
  type DeliverFrame,
  encodeClientControl,
  FRAME,
  parseAck,
  parseDeliver,
  parseServerControl,
  type ServerControl,
} from '@entangle/protocol'
import { backoffMs, between, type Timing } from '../account/timing.ts'
import type { ConnectionState } from '../api/engine-api.ts'
import type { Clock } from '../ports/clock.ts'
import type { Diagnostics } from '../ports/diagnostics.ts'
import type { NetworkWatch } from '../ports/network-watch.ts'
import type { SocketHandle, Transport } from '../ports/transport.ts'
import { endsSession, type SessionCalls } from '../wire/session-calls.ts'

export type Ready = Extract<ServerControl, { t: 'ready' }>

/** The way out for everybody who has something to send. */
export type Sender = {
  readonly isReady: () => boolean
  /** False when there is no connection: nothing was sent. */
  readonly send: (frame: Uint8Array) => boolean
  readonly control: (control: ClientControl) => boolean
}

export type LinkEvents = {
  readonly ready: (ready: Ready) => void
  readonly lost: () => void
  readonly ack: (frame: AckFrame) => void
  readonly deliver: (frame: DeliverFrame) => void
  readonly control: (control: Exclude<ServerControl, Ready>) => void
  readonly connection: (state: ConnectionState) => void
}

type LinkState =
  | { readonly phase: 'stopped' }
  /** Waiting before the next attempt. */
  | { readonly phase: 'resting'; readonly cancel: () => void }
  /** Getting a ticket. */
  | { readonly phase: 'asking' }
  /** The socket exists; `ready` has not come yet. */
  | { readonly phase: 'greeting'; readonly socket: SocketHandle; readonly cancel: () => void }
  | { readonly phase: 'ready'; readonly socket: SocketHandle; readonly cancel: () => void }

/** Failures in a row after which a person is told 'offline' instead of 'connecting'. */
const OFFLINE_AFTER = 2

/** One WebSocket, opened again and again. Knows frames, not what they mean. */
export function createLink(input: {
  readonly clock: Clock
  readonly timing: Timing
  readonly transport: Transport
  readonly network: NetworkWatch
  readonly calls: SessionCalls
  readonly diagnostics: Diagnostics
  readonly events: LinkEvents
}) {
  const { clock, timing, transport, network, calls, diagnostics, events } = input
  let state: LinkState = { phase: 'stopped' }
  let attempt = 0
  let lostAt = clock.now()
  /** Since when the system says that there is no network. */
  let unpluggedAt: number | undefined
  let heardAt = 0
  /** Raised with every change of the socket, so that late callbacks of an old one are ignored. */
  let generation = 0
  let unwatch: () => void = () => undefined

  const report = () => {
    // A socket outlives its network for a while, but nothing passes.
    unpluggedAt = network.online() ? undefined : (unpluggedAt ?? clock.now())
    if (unpluggedAt !== undefined) {
      events.connection({ phase: 'offline', since: state.phase === 'ready' ? unpluggedAt : lostAt })
    } else if (state.phase === 'ready') events.connection({ phase: 'online' })
    else if (attempt >= OFFLINE_AFTER) events.connection({ phase: 'offline', since: lostAt })
    else events.connection({ phase: 'connecting', since: lostAt })
  }

  const rest = () => {
    const delay = backoffMs(timing, attempt, clock.random())
    attempt += 1
    state = { phase: 'resting', cancel: clock.after(delay, () => void open()) }
    report()
  }

  const drop = (current: number) => {
    if (current !== generation || state.phase === 'stopped' || state.phase === 'resting') return
    generation += 1
    const wasReady = state.phase === 'ready'
    if (state.phase === 'greeting' || state.phase === 'ready') {
      state.cancel()
      state.socket.close()
    }
    if (wasReady) {
      lostAt = clock.now()
      attempt = 0
    }
    rest()
    if (wasReady) events.lost()
  }

  const watchSilence = (current: number) => {
    let cancelPing: () => void = () => undefined
    let cancelHeads: () => void = () => undefined
    const ping = () => {
      if (clock.now() - heardAt > timing.silence) {
        drop(current)
        return
      }
      control({ t: 'ping' })
      cancelPing = clock.after(timing.ping, ping)
    }
    const askHeads = () => {
      control({ t: 'heads' })
      cancelHeads = clock.after(between(timing.headCheck, clock.random()), askHeads)
    }
    cancelPing = clock.after(timing.ping, ping)
    cancelHeads = clock.after(between(timing.headCheck, clock.random()), askHeads)
    return () => {
      cancelPing()
      cancelHeads()
    }
  }

  const welcome = (ready: Ready, socket: SocketHandle, current: number) => {
    if (state.phase === 'greeting') state.cancel()
    state = { phase: 'ready', socket, cancel: watchSilence(current) }
    attempt = 0
    report()
    events.ready(ready)
  }

  const receiveControl = (frame: Uint8Array, socket: SocketHandle, current: number) => {
    const parsed = parseServerControl(frame)
    if (parsed === undefined) return
    if (parsed.t === 'ready') {
      if (state.phase === 'greeting') welcome(parsed, socket, current)
    } else if (parsed.t === 'error') {
      diagnostics.note('SERVER_REFUSED_FRAME', parsed.code)
    } else events.control(parsed)
  }

  const receive = (frame: Uint8Array, socket: SocketHandle, current: number) => {
    heardAt = clock.now()
    switch (frame[0]) {
      case FRAME.deliver: {
        const deliver = parseDeliver(frame)
        if (deliver !== undefined) events.deliver(deliver)
        break
      }
      case FRAME.ack: {
        const ack = parseAck(frame)
        if (ack !== undefined) events.ack(ack)
        break
      }
      case FRAME.control:
        receiveControl(frame, socket, current)
        break
    }
  }

  const open = async () => {
    generation += 1
    const current = generation
    state = { phase: 'asking' }
    report()
    let ticket: string
    try {
      ticket = (await calls.call('issueTicket', {})).ticket
    } catch (error) {
      if (!endsSession(error)) diagnostics.note('TICKET_REFUSED', error)
      drop(current)
      return
    }
    if (current !== generation) return
    const socket = transport.openSocket(ticket, {
      opened: () => {
        if (current === generation) socket.send(encodeClientControl({ t: 'hello', version: 1 }))
      },
      received: frame => {
        if (current === generation) receive(frame, socket, current)
      },
      closed: () => drop(current),
    })
    heardAt = clock.now()
    state = { phase: 'greeting', socket, cancel: clock.after(timing.greeting, () => drop(current)) }
  }

  const send = (frame: Uint8Array): boolean => {
    if (state.phase !== 'ready') return false
    state.socket.send(frame)
    return true
  }

  const control = (value: ClientControl): boolean => send(encodeClientControl(value))

  /**
   * The system's word on the network is only a hint: a server on the same machine answers without any.
   * So a live connection is asked, and given up if it stays silent.
   */
  const probe = () => {
    const current = generation
    const askedAt = clock.now()
    control({ t: 'ping' })
    clock.after(timing.probe, () => {
      if (heardAt < askedAt) drop(current)
    })
  }

  const networkChanged = () => {
    if (state.phase === 'ready') {
      probe()
      report()
    } else if (state.phase === 'resting' && network.online()) {
      state.cancel()
      attempt = 0
      void open()
    } else report()
  }

  return {
    start(): void {
      if (state.phase !== 'stopped') return
      lostAt = clock.now()
      unwatch = network.watch(networkChanged)
      void open()
    },
    stop(): void {
      const last = state
      generation += 1
      state = { phase: 'stopped' }
      unwatch()
      if (last.phase === 'resting' || last.phase === 'greeting' || last.phase === 'ready') last.cancel()
      if (last.phase === 'greeting' || last.phase === 'ready') last.socket.close()
    },
    /** Nothing more is to be expected of this connection. */
    restart: (): void => drop(generation),
    isReady: (): boolean => state.phase === 'ready',
    send,
    control,
  }
}
export type Link = ReturnType<typeof createLink>
