import { defineScript } from '@redis/client'
import type { Bucket } from '../../ports/cache.ts'
import { ANNOUNCED_FOR_MS, GATHERED_FOR_MS } from '../../ports/interest-registry.ts'

/**
 * A bucket is a hash of its level and the time of that level, by the clock of Redis, which all nodes share. It is
 * forgotten when it would be full again.
 */
const SPEND = defineScript({
  NUMBER_OF_KEYS: 1,
  SCRIPT: `
    local capacity, perMs = tonumber(ARGV[1]), tonumber(ARGV[2])
    local time = redis.call('TIME')
    local now = time[1] * 1000 + math.floor(time[2] / 1000)
    local known = redis.call('HMGET', KEYS[1], 'level', 'at')
    local level, at = tonumber(known[1]) or capacity, tonumber(known[2]) or now
    level = math.min(capacity, level + math.max(0, now - at) * perMs)
    if level < 1 then return math.ceil((1 - level) / perMs) end
    redis.call('HSET', KEYS[1], 'level', tostring(level - 1), 'at', tostring(now))
    redis.call('PEXPIRE', KEYS[1], math.ceil((capacity - level + 1) / perMs))
    return 0`,
  parseCommand(parser, key: string, { capacity, perMinute }: Bucket) {
    parser.pushKey(key)
    parser.push(String(capacity), String(perMinute / 60_000))
  },
  transformReply: (reply: unknown) => Number(reply),
})

/** In each gathered topic, so that it is there where nobody listens. */
export const NOBODY = '-'

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

/** What runs in Redis, in one step that nobody comes in between. */
export const SCRIPTS = { spend: SPEND, announceInterest: ANNOUNCE, gatherInterest: GATHER }
