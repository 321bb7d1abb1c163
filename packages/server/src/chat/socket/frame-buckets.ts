/** How many frames of a kind a connection may send: at once, and a second. */
const ALLOWANCE = {
  send: { capacity: 200, perSecond: 50 },
  progress: { capacity: 400, perSecond: 50 },
  ephemeral: { capacity: 20, perSecond: 4 },
  question: { capacity: 20, perSecond: 1 },
} as const

export type FrameKind = keyof typeof ALLOWANCE

export type FrameBuckets = { spend(kind: FrameKind, nowMs: number): boolean }

export const unlimitedFrames: FrameBuckets = { spend: () => true }

type Bucket = { level: number; atMs: number }

/** A bucket is there once something was spent of it: most connections are idle. */
export function createFrameBuckets(): FrameBuckets {
  const buckets: Partial<Record<FrameKind, Bucket>> = {}
  return {
    spend(kind, nowMs) {
      const { capacity, perSecond } = ALLOWANCE[kind]
      const bucket = buckets[kind] ?? { level: capacity, atMs: nowMs }
      buckets[kind] = bucket
      const seconds = Math.max(0, nowMs - bucket.atMs) / 1000
      bucket.atMs = nowMs
      bucket.level = Math.min(capacity, bucket.level + seconds * perSecond)
      if (bucket.level < 1) return false
      bucket.level -= 1
      return true
    },
  }
}
