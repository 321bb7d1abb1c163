import { cacheContract } from '@entangle/testkit/contracts/cache'
import { eventBusContract } from '@entangle/testkit/contracts/event-bus'
import { createInMemoryCache } from '../../src/adapters/in-memory-cache.ts'
import { createInMemoryEventBus } from '../../src/adapters/in-memory-event-bus.ts'

eventBusContract('in memory', async () => ({
  bus: createInMemoryEventBus<string>(),
  destroy: async () => undefined,
}))

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
