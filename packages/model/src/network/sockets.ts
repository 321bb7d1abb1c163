import type { SocketEvents, SocketHandle } from '@entangle/client/ports'
import { FRAME, parseClientControl, parseServerControl } from '@entangle/protocol'
import type { ModelServer } from '../server/model-server.ts'
import type { ServerSocket } from '../server/server-socket.ts'
import type { Parcel, Waiting } from './parcel.ts'

/** What a live connection may lose or bring twice: the protocol calls each of them a hint, or asks again. */
const HINTS: ReadonlySet<string> = new Set([
  'deliver',
  'ack',
  'heads',
  'head',
  'receipt',
  'ephemeral',
  'pong',
])
const REPEATABLE: ReadonlySet<string> = new Set(['send', 'cursor', 'receipt', 'heads', 'ping', 'ephemeral'])

/** One cursor in so many is sent, the others are lost: each is a write at the server that nothing depends on. */
const CURSORS_EACH = 8

const frameName = (frame: Uint8Array, from: 'client' | 'server'): string => {
  if (frame[0] === FRAME.send) return 'send'
  if (frame[0] === FRAME.deliver) return 'deliver'
  if (frame[0] === FRAME.ack) return 'ack'
  const control = from === 'client' ? parseClientControl(frame) : parseServerControl(frame)
  return control?.t ?? 'unknown'
}

type Up = { readonly name: string; readonly frame: Uint8Array }
type Down = { readonly name: string; readonly isFrame: boolean; readonly deliver: () => void }

type Socket = {
  readonly ticket: string
  readonly events: SocketEvents
  readonly up: Up[]
  readonly down: Down[]
  server: ServerSocket | undefined
  isAsked: boolean
  /** Nothing passes any more, and the client has not been told. */
  isMute: boolean
  isOver: boolean
}

/** The WebSockets of one device: two queues each, in order. */
export function createSockets(server: ModelServer, sent: (frame: Uint8Array) => void) {
  const sockets: Socket[] = []
  let cursors = 0

  const over = (socket: Socket, code: number, tellClient: boolean) => {
    if (socket.isOver) return
    socket.isOver = true
    socket.server?.destroy()
    sockets.splice(sockets.indexOf(socket), 1)
    if (tellClient) socket.events.closed(code)
  }

  const connect = async (socket: Socket) => {
    socket.isAsked = false
    const push = (name: string, isFrame: boolean, deliver: () => void) => {
      if (!socket.isMute) socket.down.push({ name, isFrame, deliver })
    }
    socket.server = server.openSocket(socket.ticket, {
      opened: () => push('opened', false, socket.events.opened),
      received: frame => push(frameName(frame, 'server'), true, () => socket.events.received(frame.slice())),
      closed: code => push(`closed ${String(code)}`, false, () => over(socket, code, true)),
    })
    await server.settled()
  }

  const pass = async (socket: Socket, { frame }: Up) => {
    socket.server?.send(frame)
    await server.settled()
  }

  const upParcel = (socket: Socket, up: Up): Parcel => {
    const take = () => socket.up.shift()
    return {
      label: `↑ ${up.name}`,
      release: () => {
        take()
        return pass(socket, up)
      },
      lose: take,
      ...(REPEATABLE.has(up.name)
        ? {
            repeat: async () => {
              take()
              await pass(socket, up)
              await pass(socket, up)
            },
          }
        : {}),
    }
  }

  const downParcel = (socket: Socket, down: Down): Parcel => {
    const take = () => socket.down.shift()
    return {
      label: `↓ ${down.name}`,
      release: async () => {
        take()
        down.deliver()
      },
      ...(down.isFrame && HINTS.has(down.name)
        ? {
            lose: take,
            repeat: async () => {
              take()
              down.deliver()
              if (!socket.isOver) down.deliver()
            },
          }
        : {}),
    }
  }

  return {
    open(ticket: string, events: SocketEvents): SocketHandle {
      const socket: Socket = {
        ticket,
        events,
        up: [],
        down: [],
        server: undefined,
        isAsked: true,
        isMute: false,
        isOver: false,
      }
      sockets.push(socket)
      return {
        send(frame) {
          const bytes = frame.slice()
          sent(bytes)
          if (socket.isOver || socket.isMute) return
          const name = frameName(bytes, 'client')
          if (name !== 'cursor' || cursors++ % CURSORS_EACH === 0) socket.up.push({ name, frame: bytes })
        },
        close: () => over(socket, 1000, false),
      }
    },
    waiting(): Waiting[] {
      const found: Waiting[] = []
      for (const socket of sockets) {
        if (socket.isMute) continue
        if (socket.isAsked) {
          found.push(() => ({ label: 'socket', release: () => connect(socket) }))
          continue
        }
        const [up] = socket.up
        if (up !== undefined && socket.server !== undefined) found.push(() => upParcel(socket, up))
        const [down] = socket.down
        if (down !== undefined) found.push(() => downParcel(socket, down))
      }
      return found
    },
    /** They break with all that is on them. If the client is not told, it has to find out. */
    cut(isTold: boolean): void {
      for (const socket of [...sockets]) {
        if (isTold) over(socket, 1006, true)
        else {
          socket.isMute = true
          socket.up.length = 0
          socket.down.length = 0
          socket.server?.destroy()
        }
      }
    },
    /** The engine is gone; nobody is there to be told. */
    abandon(): void {
      for (const socket of [...sockets]) over(socket, 1006, false)
    },
  }
}
