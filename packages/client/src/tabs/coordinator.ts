import type { Clock } from '../ports/clock.ts'
import type { HeldLock, Lock } from '../ports/lock.ts'
import { serveCaller } from '../rpc/callee.ts'
import type { CallerFrame, CallerPort, EngineFrame, EnginePort } from '../rpc/frames.ts'
import { createRemote } from '../rpc/remote.ts'
import type { EngineSubscriber } from '../rpc/subscriber.ts'
import type { Relay } from './relay.ts'
import type { TabChannel, TabId, TabMessage } from './tab-channel.ts'

/** An engine that runs in this tab. */
export type LocalEngine = { readonly subscribe: () => EngineSubscriber; readonly stop: () => Promise<void> }

export type CoordinatorOptions = {
  readonly tab: TabId
  readonly lock: Lock
  readonly channel: TabChannel
  readonly clock: Clock
  readonly relay: Relay
  /** Starts the engine: raises the store's fence, so that a leader that does not know of its end cannot write. */
  readonly startEngine: () => Promise<LocalEngine>
  readonly failed?: (error: unknown) => void
  readonly pingMs?: number
  readonly silenceMs?: number
}

const RETRY_MS = 2_000
/** A slow device takes a while to open its store. A start that takes longer than this hangs, and is tried anew. */
const START_MS = 15_000

type Role =
  | { readonly kind: 'seeking' }
  | {
      readonly kind: 'follower'
      readonly leader: TabId
      readonly heardAt: number
      readonly quietUntil: number
    }
  | {
      readonly kind: 'leader'
      readonly engine: LocalEngine
      readonly held: HeldLock
      readonly guests: Map<TabId, Guest>
    }
  | { readonly kind: 'closed' }

type Guest = { readonly receive: (frame: CallerFrame) => void; readonly close: () => void }

/**
 * Exactly one tab runs the engine, the others talk to it. The lock elects; the visible tab makes sure that
 * the leader still answers (a frozen tab keeps its lock) and takes over when it does not.
 */
export function createCoordinator(options: CoordinatorOptions) {
  const { tab, lock, channel, clock, relay } = options
  const pingMs = options.pingMs ?? 400
  const silenceMs = options.silenceMs ?? 1_000
  let role: Role = { kind: 'seeking' }
  let visible = false
  let busyUntil = 0
  let cancelWait: () => void = () => undefined
  let cancelPing: () => void = () => undefined
  let cancelRetry: () => void = () => undefined
  let towardsTab: ((frame: EngineFrame) => void) | undefined
  let seekingSince = clock.now()
  let stealing = false
  /** Until when this tab, which has the lock, is busy starting the engine. */
  let startingUntil = 0

  const announce = () => channel.post({ t: 'leader', tab, busyMs: Math.max(0, busyUntil - clock.now()) })

  const follow = (leader: TabId) => {
    const port: CallerPort = {
      send: frame => channel.post({ t: 'to-leader', tab, leader, frame }),
      listen: receive => {
        towardsTab = receive
        return () => {
          if (towardsTab === receive) towardsTab = undefined
        }
      },
    }
    relay.attach(createRemote(port))
  }

  const heard = (leader: TabId, busyMs: number) => {
    if (role.kind === 'leader' || role.kind === 'closed') return
    const isNew = role.kind !== 'follower' || role.leader !== leader
    const now = clock.now()
    role = { kind: 'follower', leader, heardAt: now, quietUntil: now + busyMs }
    if (isNew) follow(leader)
  }

  const admit = (guests: Map<TabId, Guest>, engine: LocalEngine, from: TabId): Guest => {
    const known = guests.get(from)
    if (known !== undefined) return known
    let receive: (frame: CallerFrame) => void = () => undefined
    const port: EnginePort = {
      send: frame => channel.post({ t: 'to-tab', tab: from, leader: tab, frame }),
      listen: listener => {
        receive = listener
        return () => guests.delete(from)
      },
    }
    const close = serveCaller(port, engine.subscribe())
    const guest = { receive: (frame: CallerFrame) => receive(frame), close }
    guests.set(from, guest)
    return guest
  }

  const receive = (message: TabMessage) => {
    switch (message.t) {
      case 'leader':
        heard(message.tab, message.busyMs)
        break
      case 'ping':
        if (role.kind === 'leader') announce()
        break
      case 'to-leader':
        if (role.kind === 'leader' && message.leader === tab) {
          admit(role.guests, role.engine, message.tab).receive(message.frame)
        }
        break
      case 'to-tab':
        if (role.kind === 'follower' && message.tab === tab && message.leader === role.leader) {
          towardsTab?.(message.frame)
        }
        break
    }
  }

  const lead = async (held: HeldLock) => {
    if (role.kind === 'closed') {
      held.release()
      return
    }
    let deposed = false
    void held.lost.then(() => {
      deposed = true
      startingUntil = 0
      void stepDown()
    })
    const engine = await startOrRetry(held)
    if (engine === undefined) return
    if (deposed || (role as Role).kind === 'closed') {
      await engine.stop()
      held.release()
      if ((role as Role).kind !== 'closed') seek()
      return
    }
    role = { kind: 'leader', engine, held, guests: new Map() }
    relay.attach(engine.subscribe())
    announce()
  }

  const stepDown = async () => {
    if (role.kind !== 'leader') return
    const { engine, guests } = role
    role = { kind: 'seeking' }
    seekingSince = clock.now()
    relay.detach()
    for (const guest of [...guests.values()]) guest.close()
    await engine.stop()
    seek()
  }

  const seek = () => {
    const waiting = lock.wait()
    cancelWait = waiting.cancel
    waiting.held.then(lead).catch(() => undefined)
    channel.post({ t: 'ping', tab })
  }

  /** The store or the cryptography did not open: somebody else may have more luck, and so may this tab later. */
  const startOrRetry = async (held: HeldLock): Promise<LocalEngine | undefined> => {
    startingUntil = clock.now() + START_MS
    try {
      return await options.startEngine()
    } catch (error) {
      options.failed?.(error)
      held.release()
      cancelRetry = clock.after(RETRY_MS, seek)
      return undefined
    } finally {
      startingUntil = 0
    }
  }

  const steal = async () => {
    stealing = true
    cancelWait()
    try {
      await lead(await lock.steal())
    } finally {
      stealing = false
    }
  }

  const ping = () => {
    cancelPing = clock.after(pingMs, ping)
    if (role.kind === 'leader' || role.kind === 'closed' || stealing) return
    const now = clock.now()
    const heardAt = role.kind === 'follower' ? Math.max(role.heardAt, role.quietUntil) : seekingSince
    const silentSince = Math.max(heardAt, startingUntil)
    if (visible && now - silentSince > silenceMs + pingMs) void steal().catch(() => undefined)
    // A hidden tab may sleep and be wrong about others; it only asks while it knows no leader.
    else if (visible || role.kind === 'seeking') channel.post({ t: 'ping', tab })
  }

  const stopListening = channel.listen(receive)

  return {
    start(): void {
      seek()
      ping()
    },
    setVisible(next: boolean): void {
      if (next && !visible && role.kind === 'follower') {
        // Silence before this moment says nothing: a hidden tab does not ping.
        role = { ...role, heardAt: clock.now() }
      }
      if (next && !visible) seekingSince = clock.now()
      visible = next
    },
    /** The engine is about to block its thread (key stretching): silence until then is no death. */
    expectSilence(durationMs: number): void {
      busyUntil = Math.max(busyUntil, clock.now() + durationMs)
      if (role.kind === 'leader') announce()
    },
    isLeader: (): boolean => role.kind === 'leader',
    async close(): Promise<void> {
      const last = role
      role = { kind: 'closed' }
      cancelPing()
      cancelRetry()
      cancelWait()
      stopListening()
      if (last.kind === 'leader') {
        for (const guest of [...last.guests.values()]) guest.close()
        await last.engine.stop()
        last.held.release()
      }
      channel.close()
    },
  }
}
