import type { ConversationId } from '@entangle/protocol'
import { type DeviceAccess, refreshAccess, takeTicket } from './device-session.ts'
import { DIALECTS, type Dialect } from './dialects.ts'
import type { RawSocket } from './raw-socket.ts'
import type { SeededDevice } from './seed.ts'

/** Who is asked, and how. */
export type Target = {
  readonly kind: keyof typeof DIALECTS
  readonly port: number
  /** Where sockets are opened, if elsewhere: devices are dealt out to these in turn. */
  readonly socketPorts?: readonly number[]
}

export type Member = { readonly device: SeededDevice; readonly socket: RawSocket; counter: number }

/** Sockets of many devices in this process, and what comes in over them. */
export type Fleet = {
  readonly members: readonly Member[]
  /** How many are told of a message in a conversation. */
  readonly receiversOf: ReadonlyMap<ConversationId, number>
  send(member: Member, number: number): void
  onAck: (number: number, status: number) => void
  onDeliver: (number: number) => void
  /** Why sockets ended that were not meant to. */
  readonly lost: string[]
  close(): void
}

/** Sockets that are being opened at once. */
const OPENING = 32
const GREETING_TIMEOUT_MS = 60_000

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
  const dialect: Dialect = DIALECTS[target.kind]
  let greet: () => void = () => undefined
  let opened: RawSocket | undefined
  const tickets = target.kind === 'entangle' ? [`ticket.${await ticketOf(target.port, device)}`] : []
  const { port, socketPorts = [port] } = target
  const socket = await dialect.open({
    port: socketPorts[device.number % socketPorts.length] ?? port,
    device,
    tickets,
    onFrame: (chunk, start, end) => {
      const heard = dialect.hear(chunk, start, end, opened)
      if (heard?.kind === 'delivered') fleet.onDeliver(heard.number)
      else if (heard?.kind === 'ack') fleet.onAck(heard.number, heard.status)
      else if (heard?.kind === 'greeted') greet()
    },
    onClose: onLost,
  })
  opened = socket
  if (!dialect.isGreeted) return socket
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('a socket was not greeted')), GREETING_TIMEOUT_MS)
    greet = () => {
      clearTimeout(timer)
      resolve()
    }
    dialect.hello(socket)
  })
  return socket
}

export async function openFleet(target: Target, devices: readonly SeededDevice[]): Promise<Fleet> {
  const members: Member[] = []
  const receiversOf = new Map<ConversationId, number>()
  const alone = DIALECTS[target.kind].echoes ? 0 : -1
  let isClosing = false
  const fleet: Fleet = {
    members,
    receiversOf,
    send(member, number) {
      member.counter += 1
      const { device: sender, socket, counter } = member
      DIALECTS[target.kind].send(socket, { sender, number, counter })
    },
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
    receiversOf.set(device.conversationId, (receiversOf.get(device.conversationId) ?? alone) + 1)
  })
  return fleet
}
