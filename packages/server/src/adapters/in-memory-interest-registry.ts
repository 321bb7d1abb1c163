import type { Clock } from '../ports/clock.ts'
import { GATHERED_FOR_MS, type InterestRegistry, type Topic } from '../ports/interest-registry.ts'

/** For nodes of one process: tests, and the simulation of thousands of them. */
export function createInMemoryInterestRegistry(
  clock: Pick<Clock, 'now'>,
): InterestRegistry & { forgetAll(): void } {
  const nodesOf = new Map<Topic, Set<string>>()
  const gatheredAt = new Map<Topic, number>()
  let losses = 0
  const mark = () => `mark ${String(losses)}`

  function add(topic: Topic, node: string): void {
    const nodes = nodesOf.get(topic)
    if (nodes === undefined) nodesOf.set(topic, new Set([node]))
    else nodes.add(node)
  }

  function alive(topic: Topic): Set<string> | undefined {
    const since = gatheredAt.get(topic)
    if (since !== undefined && clock.now() - since > GATHERED_FOR_MS) {
      gatheredAt.delete(topic)
      nodesOf.delete(topic)
    }
    return nodesOf.get(topic)
  }

  return {
    async announce(node, firm, gathered) {
      for (const topic of firm) add(topic, node)
      for (const topic of gathered) alive(topic)?.add(node)
    },
    async withdraw(node, firm) {
      for (const topic of firm) {
        const nodes = nodesOf.get(topic)
        nodes?.delete(node)
        if (nodes?.size === 0) nodesOf.delete(topic)
      }
    },
    async find(topics) {
      const nodes = topics.map(topic => {
        const found = alive(topic)
        return found && [...found]
      })
      return { mark: mark(), nodes }
    },
    async gather(topic, parts) {
      const nodes = new Set(parts.flatMap(part => [...(nodesOf.get(part) ?? [])]))
      nodesOf.set(topic, nodes)
      gatheredAt.set(topic, clock.now())
      return [...nodes]
    },
    mark: async () => mark(),
    forgetAll() {
      nodesOf.clear()
      gatheredAt.clear()
      losses += 1
    },
  }
}
