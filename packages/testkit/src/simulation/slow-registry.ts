import { setImmediate as turn } from 'node:timers/promises'
import type { InterestRegistry } from '@entangle/server/routing'
import type { SeededRandom } from '../harness/seeded-random.ts'

export type SlowRegistry = InterestRegistry & { readonly pending: () => number }

/**
 * The registry as one node sees it over a network: what it asks takes effect in order, some turns later, and it learns
 * of that later still. Others' questions come in between.
 */
export function createSlowRegistry(
  registry: InterestRegistry,
  random: SeededRandom,
  mostTurns: number,
): SlowRegistry {
  let last: Promise<unknown> = Promise.resolve()
  let pending = 0

  async function wait(): Promise<void> {
    for (let turns = random.integer(0, mostTurns); turns > 0; turns--) await turn()
  }

  function asked<T>(question: () => Promise<T>): Promise<T> {
    pending += 1
    const effect = last.then(async () => {
      await wait()
      return question()
    })
    last = effect.catch(() => undefined)
    return effect
      .then(async answer => {
        await wait()
        return answer
      })
      .finally(() => {
        pending -= 1
      })
  }

  return {
    announce: (node, firm, gathered) => asked(() => registry.announce(node, firm, gathered)),
    withdraw: (node, firm) => asked(() => registry.withdraw(node, firm)),
    find: topics => asked(() => registry.find(topics)),
    gather: (topic, parts) => asked(() => registry.gather(topic, parts)),
    mark: () => asked(() => registry.mark()),
    pending: () => pending,
  }
}
