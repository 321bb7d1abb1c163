import { OPERATIONS } from '@entangle/protocol'
import { type DeviceAccess, refreshAccess } from './device-session.ts'
import { createHistogram } from './histogram.ts'
import type { SeededDevice } from './seed.ts'
import type { Traffic } from './traffic.ts'

export type ReadingPlan = {
  readonly port: number
  readonly devices: readonly SeededDevice[]
  /** Readers at once. */
  readonly readers: number
  /** Events that each reading has to give. */
  readonly events: number
}

const accesses = new Map<number, Promise<DeviceAccess>>()

function accessOf(port: number, number: number): Promise<DeviceAccess> {
  const access = accesses.get(number) ?? refreshAccess(port, number)
  accesses.set(number, access)
  return access
}

/** Answers with the bytes of the page. */
async function readPage({ port, events }: ReadingPlan, device: SeededDevice): Promise<number> {
  const { accessToken, address } = await accessOf(port, device.number)
  const path = OPERATIONS.readEvents.path.replace(':conversationId', device.conversationId)
  const answer = await fetch(`http://127.0.0.1:${port}${path}?after=0&limit=${events}`, {
    headers: {
      accept: 'application/cbor',
      authorization: `Bearer ${accessToken}`,
      'x-forwarded-for': address,
    },
  })
  if (!answer.ok) throw new Error(`readEvents was answered with ${answer.status}`)
  return (await answer.arrayBuffer()).byteLength
}

/** Devices that come back and read what they have missed, as many at once as the plan says. */
export async function startReading(plan: ReadingPlan): Promise<Traffic> {
  const histogram = createHistogram()
  let completed = 0
  let refused = 0
  let underWay = 0
  let next = 0
  let stopped = false
  await Promise.all(plan.devices.map(device => accessOf(plan.port, device.number)))

  async function readOn(): Promise<void> {
    while (!stopped) {
      const device = plan.devices[next++ % plan.devices.length]
      if (device === undefined) return
      const startedAt = performance.now()
      underWay += 1
      // A page is more than its events' bodies: less means that something is missing.
      const sizeBytes = await readPage(plan, device).catch(() => 0)
      underWay -= 1
      if (sizeBytes < plan.events * 400) refused += 1
      completed += 1
      histogram.record(performance.now() - startedAt)
    }
  }
  for (let reader = 0; reader < plan.readers; reader++) void readOn()

  return {
    take() {
      const tally = {
        completed,
        deliveries: completed * plan.events,
        refused,
        unanswered: underWay,
        latencies: histogram.takeCounts(),
      }
      completed = 0
      refused = 0
      return tally
    },
    stop() {
      stopped = true
    },
  }
}
