import { describe, expect, test } from 'vitest'

/** The port as its users see it; adapters of the server fit it by shape. */
export type CacheUnderTest = {
  get(key: string): Promise<string | undefined>
  set(key: string, value: string, timeToLiveMs: number): Promise<void>
  take(key: string): Promise<string | undefined>
  delete(key: string): Promise<void>
  spend(key: string, bucket: { readonly capacity: number; readonly perMinute: number }): Promise<number>
}

export type CacheMedium = {
  readonly cache: CacheUnderTest
  /** Lets that much time go by, for the cache. */
  readonly advance: (milliseconds: number) => Promise<void>
  readonly destroy: () => Promise<void>
}

/** What every cache must do, whatever keeps it. */
export function cacheContract(name: string, create: () => Promise<CacheMedium>): void {
  describe(`cache contract: ${name}`, () => {
    const withCache = (work: (medium: CacheMedium) => Promise<void>) => async () => {
      const medium = await create()
      try {
        await work(medium)
      } finally {
        await medium.destroy()
      }
    }

    test(
      'gives back what was set, until its time is over',
      withCache(async ({ cache, advance }) => {
        expect(await cache.get('key')).toBeUndefined()
        await cache.set('key', 'value', 500)
        expect(await cache.get('key')).toBe('value')
        await cache.set('key', 'newer', 500)
        expect(await cache.get('key')).toBe('newer')
        await advance(600)
        expect(await cache.get('key')).toBeUndefined()
        expect(await cache.take('key')).toBeUndefined()
      }),
    )

    test(
      'gives a value to exactly one of many takers',
      withCache(async ({ cache }) => {
        await cache.set('once', 'value', 5000)
        const taken = await Promise.all(Array.from({ length: 50 }, () => cache.take('once')))
        expect(taken.filter(value => value !== undefined)).toEqual(['value'])
        expect(await cache.get('once')).toBeUndefined()
      }),
    )

    test(
      'forgets what is deleted',
      withCache(async ({ cache }) => {
        await cache.set('key', 'value', 5000)
        await cache.delete('key')
        await cache.delete('key')
        expect(await cache.get('key')).toBeUndefined()
      }),
    )

    test(
      'lets through what a bucket holds, then says how long to wait',
      withCache(async ({ cache, advance }) => {
        const bucket = { capacity: 5, perMinute: 60 }
        const first = await Promise.all(Array.from({ length: 8 }, () => cache.spend('limit', bucket)))
        expect(first.filter(wait => wait === 0)).toHaveLength(5)
        const waitMs = await cache.spend('limit', bucket)
        expect(waitMs).toBeGreaterThan(0)
        expect(waitMs).toBeLessThanOrEqual(1000)
        expect(await cache.spend('other', bucket)).toBe(0)
        await advance(1100)
        expect(await cache.spend('limit', bucket)).toBe(0)
        expect(await cache.spend('limit', bucket)).toBeGreaterThan(0)
      }),
    )
  })
}
