import { randomUUID } from 'node:crypto'
import { defineScript } from '@redis/client'
import {
  ANNOUNCED_FOR_MS,
  GATHERED_FOR_MS,
  type InterestRegistry,
  type Topic,
} from '../ports/interest-registry.ts'
import { type Redis, within } from './redis-cache.ts'

/** Two for each person who comes to a node, some hundred bytes: a step of this size takes Redis about a millisecond. */
const TOPICS_AT_ONCE = 1000
const MARK_KEY = 'interest:mark'
const keyOf = (topic: Topic): string => `interest:${topic}`
/** In each gathered topic, so that it is there where nobody listens. */
const NOBODY = '-'

const ANNOUNCE = defineScript({
  SCRIPT: `
    local firm = tonumber(ARGV[2])
    for at, key in ipairs(KEYS) do
      if at <= firm then
        redis.call('SADD', key, ARGV[1])
        redis.call('PEXPIRE', key, ARGV[3])
      elseif redis.call('EXISTS', key) == 1 then
        redis.call('SADD', key, ARGV[1])
      end
    end
    return 0`,
  parseCommand(parser, node: string, firm: readonly string[], gathered: readonly string[]) {
    parser.pushKeysLength([...firm, ...gathered])
    parser.push(node, String(firm.length), String(ANNOUNCED_FOR_MS))
  },
  transformReply: () => undefined,
})

const GATHER = defineScript({
  SCRIPT: `
    local into = table.remove(KEYS, 1)
    local members = {'${NOBODY}'}
    for at = 1, #KEYS, 1000 do
      local part = redis.call('SUNION', unpack(KEYS, at, math.min(at + 999, #KEYS)))
      for _, member in ipairs(part) do members[#members + 1] = member end
    end
    redis.call('DEL', into)
    for at = 1, #members, 1000 do
      redis.call('SADD', into, unpack(members, at, math.min(at + 999, #members)))
    end
    redis.call('PEXPIRE', into, ARGV[1])
    return redis.call('SMEMBERS', into)`,
  parseCommand(parser, into: string, parts: readonly string[]) {
    parser.pushKeysLength([into, ...parts])
    parser.push(String(GATHERED_FOR_MS))
  },
  transformReply: (reply: unknown) => (Array.isArray(reply) ? reply.map(String) : []),
})

export const INTEREST_SCRIPTS = { announceInterest: ANNOUNCE, gatherInterest: GATHER }

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
