import { expect, test } from 'vitest'
import { createPace } from '../src/sync/pace.ts'

test('a burst, then a steady rate', () => {
  let now = 0
  const pace = createPace(
    { now: () => now, after: () => () => undefined, random: () => 0 },
    { burst: 3, perSecond: 10 },
  )
  expect(pace.available()).toBe(3)
  for (let sent = 0; sent < 3; sent++) pace.spend()
  expect(pace.available()).toBe(0)
  expect(pace.waitMs()).toBeCloseTo(100)
  now = 250
  expect(pace.available()).toBe(2)
  now = 60_000
  expect(pace.available()).toBe(3)
})
