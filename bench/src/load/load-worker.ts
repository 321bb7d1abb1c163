// One process of the load: told over IPC what to open and what to send.
import process from 'node:process'
import { type Fleet, openFleet, type Target } from './fleet.ts'
import type { SeededDevice } from './seed.ts'
import { startTraffic, type Traffic, type TrafficPlan } from './traffic.ts'

/** `fleet` is the name under which the sockets of one contender are kept. */
export type Order = { readonly fleet: string } & (
  | { readonly kind: 'open'; readonly target: Target; readonly devices: readonly SeededDevice[] }
  | { readonly kind: 'start'; readonly plan: TrafficPlan }
  | { readonly kind: 'take' }
  | { readonly kind: 'stop' }
  | { readonly kind: 'close' }
)

const fleets = new Map<string, Fleet>()
let traffic: Traffic | undefined

function fleetOf({ fleet }: Order): Fleet {
  const found = fleets.get(fleet)
  if (found === undefined) throw new Error(`there is no fleet ${fleet}`)
  return found
}

async function follow(order: Order): Promise<unknown> {
  switch (order.kind) {
    case 'open':
      fleets.set(order.fleet, await openFleet(order.target, order.devices))
      return undefined
    case 'start':
      traffic = startTraffic(fleetOf(order), order.plan)
      return undefined
    case 'take': {
      const { lost } = fleetOf(order)
      if (lost.length > 0) throw new Error(`${lost.length} sockets were lost: ${lost[0]}`)
      return traffic?.take()
    }
    case 'stop':
      traffic?.stop()
      return undefined
    case 'close':
      fleetOf(order).close()
      fleets.delete(order.fleet)
      return undefined
  }
}

process.on('message', ({ id, order }: { id: number; order: Order }) => {
  follow(order).then(
    answer => process.send?.({ id, answer }),
    error => process.send?.({ id, error: error instanceof Error ? error.message : String(error) }),
  )
})
process.on('disconnect', () => process.exit(0))
