import { expect, test } from 'vitest'
import { measureCost } from '../src/simulate/cost.ts'
import { measureHealing } from '../src/simulate/healing.ts'

test('with a lossy bus and a registry that forgets, whatever was sent is found', async () => {
  const healing = await measureHealing(7)
  expect(healing.undelivered).toBe(0)
  expect(healing.pushed).toBeGreaterThan(0.9)
  // Or nothing was lost that had to be found.
  expect(healing.byGap).toBeGreaterThan(0)
  expect(healing.byHeads).toBeGreaterThan(0)
})

test('a message goes only to nodes that have somebody for it', async () => {
  const { nodesAMessage, inVain } = await measureCost(20, 7)
  expect(nodesAMessage).toBeGreaterThan(1)
  expect(inVain).toBe(0)
})
