import { randomUUID } from 'node:crypto'
import type { InterestRegistry, Topic } from '../../ports/interest-registry.ts'
import { type Redis, within } from './client.ts'
import { NOBODY } from './scripts.ts'

/** Two for each person who comes to a node, some hundred bytes: a step of this size takes Redis about a millisecond. */
const TOPICS_AT_ONCE = 1000
const MARK_KEY = 'interest:mark'
const keyOf = (topic: Topic): string => `interest:${topic}`

const withoutNobody = (members: readonly string[]): readonly string[] =>
  members.filter(member => member !== NOBODY)

/** Rejects where Redis does not answer in time. */
export function createRedisInterestRegistry(client: Redis): InterestRegistry {
  async function readMark(): Promise<string> {
    const known = await client.get(MARK_KEY)
    if (known !== null) return known
    await client.set(MARK_KEY, randomUUID(), { condition: 'NX' })
    return (await client.get(MARK_KEY)) ?? ''
  }

  async function inSteps(
    topics: readonly Topic[],
    step: (keys: readonly string[]) => Promise<unknown>,
  ): Promise<void> {
    const keys = topics.map(keyOf)
    for (let at = 0; at < keys.length; at += TOPICS_AT_ONCE)
      await within(step(keys.slice(at, at + TOPICS_AT_ONCE)))
  }

  return {
    async announce(node, firm, gathered) {
      await inSteps(firm, keys => client.announceInterest(node, keys, []))
      await inSteps(gathered, keys => client.announceInterest(node, [], keys))
    },
    withdraw: (node, firm) => inSteps(firm, keys => Promise.all(keys.map(key => client.sRem(key, node)))),
    async find(topics) {
      // Sent together, answered together.
      const [mark, ...found] = await within(
        Promise.all([readMark(), ...topics.map(topic => client.sMembers(keyOf(topic)))]),
      )
      return {
        mark,
        nodes: found.map(members => (members.length === 0 ? undefined : withoutNobody(members))),
      }
    },
    gather: async (topic, parts) =>
      withoutNobody(await within(client.gatherInterest(keyOf(topic), parts.map(keyOf)))),
    mark: () => within(readMark()),
  }
}
