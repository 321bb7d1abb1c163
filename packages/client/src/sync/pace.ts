import type { Clock } from '../ports/clock.ts'

/**
 * Keeps sending below what the server allows a connection. A message refused for its rate would be sent again
 * after others that passed; staying below keeps the order.
 */
export function createPace(clock: Clock, rate: { readonly burst: number; readonly perSecond: number }) {
  let level = rate.burst
  let at = clock.now()

  const refill = () => {
    const now = clock.now()
    level = Math.min(rate.burst, level + (Math.max(0, now - at) / 1000) * rate.perSecond)
    at = now
  }

  return {
    /** How many messages may go now. */
    available(): number {
      refill()
      return Math.floor(level)
    },
    spend(): void {
      refill()
      level -= 1
    },
    /** Until the next one may go. */
    waitMs(): number {
      refill()
      return Math.max(0, ((1 - level) / rate.perSecond) * 1000)
    },
  }
}
export type Pace = ReturnType<typeof createPace>
