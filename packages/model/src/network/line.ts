import { NetworkError, type NetworkWatch, type Transport } from '@entangle/client/ports'
import type { FakeClock } from '../server/fake-clock.ts'
import type { Cookies, ModelServer } from '../server/model-server.ts'
import { createExchanges } from './exchanges.ts'
import type { Waiting } from './parcel.ts'
import { createSockets } from './sockets.ts'

/** The network of one life of a device. Nothing on it moves by itself. */
export type Line = Transport & {
  readonly watch: NetworkWatch
  /** What waits, in a fixed order. */
  readonly waiting: () => Waiting[]
  readonly cut: (isTold: boolean) => void
  readonly setOnline: (isOnline: boolean) => void
  readonly isOnline: () => boolean
  /** The engine at its end is dead: nobody hears anything any more. */
  readonly abandon: () => void
}

export function createLine(input: {
  readonly server: ModelServer
  readonly clock: FakeClock
  readonly cookies: Cookies
  readonly isOnline: boolean
  readonly sent: (frame: Uint8Array) => void
}): Line {
  const exchanges = createExchanges(input.server, input.clock, input.cookies)
  const sockets = createSockets(input.server, input.sent)
  const watchers = new Set<() => void>()
  let { isOnline } = input

  return {
    origin: 'http://localhost',
    exchange: request => (isOnline ? exchanges.start(request) : Promise.reject(new NetworkError('offline'))),
    openSocket(ticket, events) {
      const handle = sockets.open(ticket, events)
      if (!isOnline) queueMicrotask(() => sockets.cut(true))
      return handle
    },
    watch: {
      online: () => isOnline,
      watch(changed) {
        watchers.add(changed)
        return () => watchers.delete(changed)
      },
    },
    waiting: () => [...exchanges.waiting(), ...sockets.waiting()],
    cut: sockets.cut,
    setOnline(next) {
      if (isOnline === next) return
      isOnline = next
      if (!next) {
        exchanges.failAll('offline')
        sockets.cut(true)
      }
      for (const changed of [...watchers]) changed()
    },
    isOnline: () => isOnline,
    abandon() {
      exchanges.failAll('dead')
      sockets.abandon()
      watchers.clear()
    },
  }
}
