import type { AccountContext } from '../account/context.ts'
import { between } from '../account/timing.ts'

type Room = Pick<AccountContext, 'clock' | 'timing'>

/** Members who can all commit within half a minute without hindering each other. */
const FEW = 8

/**
 * When a device that others brought in gives itself a leaf key that only it knows. The more there are, the longer
 * they wait: their first commits in a fresh tree are large, and only one of them wins each epoch.
 */
export function updateAfterJoining({ clock, timing }: Room, leaves: number): number {
  const crowd = Math.max(1, leaves / FEW) ** 2
  return clock.now() + between(timing.selfUpdate, clock.random()) * crowd
}

/** When a device that has just committed renews its leaf key, so that what leaked of the old one heals. */
export const nextRenewal = ({ clock, timing }: Room): number =>
  clock.now() + between(timing.renewal, clock.random())
