/**
 * Counts of latencies in the manner of HdrHistogram: every power of two is cut into as many equal parts, so that
 * the error is at most one in 64 whatever the size, and histograms of several processes add up exactly.
 */
export type Histogram = {
  record(valueMs: number): void
  add(counts: Uint32Array): void
  /** The value that this share of all does not exceed, in milliseconds; NaN when nothing was counted. */
  percentile(share: number): number
  takeCounts(): Uint32Array
  readonly total: number
}

const PARTS_BITS = 6
const PARTS = 1 << PARTS_BITS
/** Microseconds up to 2^31: more than half an hour. */
const SIZE = PARTS * (32 - PARTS_BITS)

function indexOf(micros: number): number {
  const shift = Math.max(0, 31 - Math.clz32(micros) - PARTS_BITS)
  return shift * PARTS + (micros >>> shift)
}

/** The middle of what is counted in one place. */
function microsAt(index: number): number {
  if (index < 2 * PARTS) return index
  const shift = (index >> PARTS_BITS) - 1
  return (index - shift * PARTS + 0.5) * 2 ** shift
}

export function createHistogram(): Histogram {
  let counts = new Uint32Array(SIZE)
  let total = 0
  return {
    record(valueMs) {
      const at = indexOf(Math.min(Math.max(0, Math.round(valueMs * 1000)), 2 ** 31 - 1))
      counts[at] = (counts[at] ?? 0) + 1
      total += 1
    },
    add(more) {
      for (const [at, count] of more.entries()) {
        counts[at] = (counts[at] ?? 0) + count
        total += count
      }
    },
    percentile(share) {
      let left = Math.ceil(share * total)
      for (const [at, count] of counts.entries()) {
        left -= count
        if (count > 0 && left <= 0) return microsAt(at) / 1000
      }
      return Number.NaN
    },
    takeCounts() {
      const taken = counts
      counts = new Uint32Array(SIZE)
      total = 0
      return taken
    },
    get total() {
      return total
    },
  }
}
