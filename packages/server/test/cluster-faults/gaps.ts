import { setTimeout as sleep } from 'node:timers/promises'
import { waitUntil } from '@entangle/testkit/harness'
import type { Cast } from '../faults/cast.ts'
import type { PlainDevice } from '../faults/plain-device.ts'

const LOST_WITHIN_MS = 1000
const BACK_WITHIN_MS = 60_000

const isBack = ({ outage }: PlainDevice): boolean => outage === undefined || outage.endedAt !== undefined

/** Who is not back by then is not waited for: the rest of the history is worth a judgement all the same. */
const waitForAll = (devices: readonly PlainDevice[]): Promise<unknown> =>
  waitUntil('everybody to be back', () => devices.every(isBack), Boolean, BACK_WITHIN_MS).catch(
    () => undefined,
  )

/** What an earlier fault has interrupted is over. */
export const everybodyConnected = ({ devices }: Cast): Promise<unknown> => waitForAll(devices)

/** For everybody whose connection ended at that moment: the time from then until they have an answer again. */
export async function measureGaps({ devices }: Cast, since: number): Promise<number[]> {
  await sleep(LOST_WITHIN_MS)
  const struck = devices.filter(({ outage }) => {
    const lostAt = outage?.lostAt ?? 0
    return lostAt >= since && lostAt < since + LOST_WITHIN_MS
  })
  await waitForAll(struck)
  return struck.map(({ outage }) => (outage?.endedAt ?? performance.now()) - since)
}

/** 99 of a hundred are no higher. */
export function percentile99(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.ceil(sorted.length * 0.99) - 1] ?? 0
}
