import {
  ACK_BYTES,
  type ConversationId,
  encodeClientControl,
  FRAME,
  SOCKET_PATH,
  SOCKET_PROTOCOL,
} from '@entangle/protocol'
import { type DeviceAccess, refreshAccess, takeTicket } from './device-session.ts'
import { openRawSocket, type RawSocket } from './raw-socket.ts'
import type { SeededDevice } from './seed.ts'

/** Who is asked: the whole server with its authentication, or a peer that speaks the same frames and asks for nothing. */
export type Target = { readonly kind: 'entangle' | 'peer'; readonly port: number }

export type Member = { readonly device: SeededDevice; readonly socket: RawSocket; counter: number }

/** Sockets of many devices in this process, and what comes in over them. */
export type Fleet = {
  readonly members: readonly Member[]
  readonly sizeOf: ReadonlyMap<ConversationId, number>
  onAck: (number: number, status: number) => void
  onDeliver: (number: number) => void
  /** Why sockets ended that were not meant to. */
  readonly lost: string[]
  close(): void
}

/** Sockets that are being opened at once. */
const OPENING = 32
const GREETING_TIMEOUT_MS = 60_000
/** The last eight bytes of a message id count the messages of the run. */
const NUMBER_AT = 4 + 16 + 12

/** Devices that have signed in before their sockets are opened. */
const accesses = new Map<number, DeviceAccess>()

/** Does `work` for all, some at once. */
async function inTurns<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const left = [...all].reverse()
  const workSome = async () => {
    for (let one = left.pop(); one !== undefined; one = left.pop()) await work(one)
  }
  await Promise.all(Array.from({ length: OPENING }, workSome))
}

export const signIn = (port: number, devices: readonly SeededDevice[]): Promise<void> =>
  inTurns(devices, async ({ number }) => {
    accesses.set(number, await refreshAccess(port, number))
  })

async function ticketOf(port: number, { number }: SeededDevice): Promise<string> {
  return takeTicket(port, accesses.get(number) ?? (await refreshAccess(port, number)))
}

async function openSocket(
  fleet: Fleet,
  target: Target,
  device: SeededDevice,
  onLost: (reason: string) => void,
): Promise<RawSocket> {
  let greet: () => void = () => undefined
  const isPeer = target.kind === 'peer'
  const ticket = isPeer ? '' : await ticketOf(target.port, device)
  const socket = await openRawSocket({
    port: target.port,
    path: isPeer ? `/?device=${device.deviceId}&conversation=${device.conversationId}` : SOCKET_PATH,
    protocols: [SOCKET_PROTOCOL, ...(isPeer ? [] : [`ticket.${ticket}`])],
    onFrame: (chunk, start, end) => {
      const type = chunk[start]
      if (type === FRAME.deliver) fleet.onDeliver(chunk.readUInt32BE(start + NUMBER_AT))
      else if (type === FRAME.ack && end - start === ACK_BYTES)
        fleet.onAck(chunk.readUInt32BE(start + NUMBER_AT), chunk.readUInt16BE(start + 2))
      else greet()
    },
    onClose: reason => onLost(reason),
  })
  if (!isPeer) {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('a socket was not greeted')), GREETING_TIMEOUT_MS)
      greet = () => {
        clearTimeout(timer)
        resolve()
      }
      socket.send(encodeClientControl({ t: 'hello', version: 1 }))
    })
  }
  return socket
}

export async function openFleet(target: Target, devices: readonly SeededDevice[]): Promise<Fleet> {
  const members: Member[] = []
  const sizeOf = new Map<ConversationId, number>()
  let isClosing = false
  const fleet: Fleet = {
    members,
    sizeOf,
    onAck: () => undefined,
    onDeliver: () => undefined,
    lost: [],
    close() {
      isClosing = true
      for (const { socket } of members) socket.end()
    },
  }
  const onLost = (reason: string) => {
    if (!isClosing) fleet.lost.push(reason)
  }
  await inTurns(devices, async device => {
    members.push({ device, socket: await openSocket(fleet, target, device, onLost), counter: 0 })
    sizeOf.set(device.conversationId, (sizeOf.get(device.conversationId) ?? 0) + 1)
  })
  return fleet
}
