import type { Bucket, Cache } from '../ports/cache.ts'
import type { Clock } from '../ports/clock.ts'

type Entry = { readonly value: string; writtenAt: number; readonly timeToLiveMs: number }
type Level = { tokens: number; at: number; readonly bucket: Bucket }

/** Memory stays bounded whatever is asked: past this many entries the oldest go. */
const ENTRY_LIMIT = 200_000
const SWEEP_EVERY = 10_000

/** The clock may have been set back since: its time to live begins anew, and not when the old time is reached again. */
function isLive(entry: Entry, now: number): boolean {
  entry.writtenAt = Math.min(entry.writtenAt, now)
  return now < entry.writtenAt + entry.timeToLiveMs
}

export function createInMemoryCache(clock: Pick<Clock, 'now'>): Cache {
  const entries = new Map<string, Entry>()
  const levels = new Map<string, Level>()
  let writes = 0

  function live(key: string): string | undefined {
    const entry = entries.get(key)
    return entry !== undefined && isLive(entry, clock.now()) ? entry.value : undefined
  }

  function refilled(level: Level, now: number): number {
    // The clock was set back: what was to come begins now, and not when the old time is reached again.
    level.at = Math.min(level.at, now)
    return Math.min(
      level.bucket.capacity,
      level.tokens + ((now - level.at) * level.bucket.perMinute) / 60_000,
    )
  }

  function sweep(): void {
    writes += 1
    if (writes % SWEEP_EVERY !== 0) return
    const now = clock.now()
    for (const [key, entry] of entries) if (!isLive(entry, now)) entries.delete(key)
    for (const [key, level] of levels) if (refilled(level, now) >= level.bucket.capacity) levels.delete(key)
    for (const map of [entries, levels]) {
      for (const key of map.keys()) {
        if (map.size <= ENTRY_LIMIT) break
        map.delete(key)
      }
    }
  }

  return {
    async get(key) {
      return live(key)
    },
    async set(key, value, timeToLiveMs) {
      sweep()
      entries.set(key, { value, writtenAt: clock.now(), timeToLiveMs })
    },
    async take(key) {
      const value = live(key)
      entries.delete(key)
      return value
    },
    async delete(key) {
      entries.delete(key)
    },
    async spend(key, bucket) {
      sweep()
      const now = clock.now()
      const level = levels.get(key) ?? { tokens: bucket.capacity, at: now, bucket }
      const tokens = refilled(level, now)
      if (tokens < 1) return Math.ceil(((1 - tokens) * 60_000) / bucket.perMinute)
      levels.set(key, { tokens: tokens - 1, at: now, bucket })
      return 0
    },
  }
}
