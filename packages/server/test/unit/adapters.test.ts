import { cacheContract } from '@entangle/testkit/contracts/cache'
import { eventBusContract } from '@entangle/testkit/contracts/event-bus'
import { interestRegistryContract } from '@entangle/testkit/contracts/interest-registry'
import { expect, test } from 'vitest'
import { createInMemoryCache } from '../../src/adapters/in-memory-cache.ts'
import { createInMemoryEventBus } from '../../src/adapters/in-memory-event-bus.ts'
import { createInMemoryInterestRegistry } from '../../src/adapters/in-memory-interest-registry.ts'

eventBusContract('in memory', async () => ({
  bus: createInMemoryEventBus<string>(),
  destroy: async () => undefined,
}))

interestRegistryContract('in memory', async () => {
  const registry = createInMemoryInterestRegistry({ now: () => Date.now() })
  return { registry, loseAll: async () => registry.forgetAll() }
})

cacheContract('in memory', async () => {
  let now = 1_000_000
  return {
    cache: createInMemoryCache({ now: () => now }),
    advance: async milliseconds => {
      now += milliseconds
    },
    destroy: async () => undefined,
  }
})

test('a clock that was set back keeps nobody waiting for it', async () => {
  let now = 1_000_000_000
  const cache = createInMemoryCache({ now: () => now })
  const bucket = { capacity: 2, perMinute: 60 }
  for (let count = 0; count < 3; count++) await cache.spend('limit', bucket)
  now -= 3_600_000
  expect(await cache.spend('limit', bucket)).toBeLessThanOrEqual(1000)
  now += 1100
  expect(await cache.spend('limit', bucket)).toBe(0)
})

test('a clock that was set back lets nothing live for longer', async () => {
  let now = 1_000_000_000
  const cache = createInMemoryCache({ now: () => now })
  await cache.set('ticket', 'once', 5_000)
  now -= 3_600_000
  expect(await cache.get('ticket')).toBe('once')
  now += 5_001
  expect(await cache.get('ticket')).toBeUndefined()
})
