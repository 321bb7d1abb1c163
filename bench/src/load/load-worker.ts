// One process of the load: told over IPC what to open and what to send.
import process from 'node:process'
import { type Fleet, openFleet, signIn, type Target } from './fleet.ts'
import { type ReadingPlan, startReading } from './reading.ts'
import type { SeededDevice } from './seed.ts'
import { startTraffic, type Traffic, type TrafficPlan } from './traffic.ts'

/** `fleet` is the name under which the sockets of one contender are kept. */
export type Order = { readonly fleet: string } & (
  | { readonly kind: 'open'; readonly target: Target; readonly devices: readonly SeededDevice[] }
  | { readonly kind: 'sign-in'; readonly target: Target; readonly devices: readonly SeededDevice[] }
  | { readonly kind: 'readers'; readonly plan: ReadingPlan }
  | { readonly kind: 'start'; readonly plan: TrafficPlan | 'read' }
  | { readonly kind: 'take' }
  | { readonly kind: 'stop' }
  | { readonly kind: 'close' }
)

const fleets = new Map<string, Fleet>()
/** Who reads under a name. */
const readings = new Map<string, ReadingPlan>()
let traffic: Traffic | undefined

function fleetOf({ fleet }: Order): Fleet {
  const found = fleets.get(fleet)
  if (found === undefined) throw new Error(`there is no fleet ${fleet}`)
  return found
}

async function start(order: Order, plan: TrafficPlan | 'read'): Promise<Traffic> {
  if (plan !== 'read') return startTraffic(fleetOf(order), plan)
  const reading = readings.get(order.fleet)
  if (reading === undefined) throw new Error(`nobody reads as ${order.fleet}`)
  return startReading(reading)
}

async function follow(order: Order): Promise<unknown> {
  switch (order.kind) {
    case 'open':
      fleets.set(order.fleet, await openFleet(order.target, order.devices))
      return undefined
    case 'sign-in':
      return signIn(order.target.port, order.devices)
    case 'readers':
      readings.set(order.fleet, order.plan)
      return undefined
    case 'start':
      traffic = await start(order, order.plan)
      return undefined
    case 'take': {
      const lost = fleets.get(order.fleet)?.lost ?? []
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
