/** Milliseconds × 2^8 + counter: room for 256 writings in a millisecond before the clock runs ahead. */
const COUNTS = 256

/**
 * Hybrid logical time: follows the wall clock, never stands still, and is never behind what was seen of others,
 * so that who writes later, knowing the former value, wins, whatever the clocks say.
 */
export function createStamps(nowMs: () => number) {
  let last = 0
  let aheadMs = 0
  return {
    next(): number {
      last = Math.max(last + 1, Math.floor(nowMs() - aheadMs) * COUNTS)
      return last
    },
    /** The clock here is ahead of the server's: count on from what the others have, by the server's clock. */
    setBack(newest: number, byMs: number): void {
      last = newest
      aheadMs = byMs
    },
    /** Of an entry that was opened: only devices of the account can push the time forward. */
    see(stamp: number): void {
      last = Math.max(last, stamp)
    },
  }
}
export type Stamps = ReturnType<typeof createStamps>
