import type { ConversationId } from '@entangle/protocol'
import { findRedis, type RedisProcess, startRedis } from '@entangle/testkit/services'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectRedis, type Redis } from '../src/adapters/redis/client.ts'
import { createRedisSharedTail } from '../src/adapters/redis/redis-shared-tail.ts'
import { createLogPages } from '../src/chat/log-pages.ts'
import { createLogReader } from '../src/chat/log-reader.ts'
import { createLogTail } from '../src/chat/log-tail.ts'
import { idBytes } from '../src/database/packed-arrays.ts'
import { createLog } from '../src/logging.ts'
import { makePair } from './support/person.ts'
import { useServer } from './support/server.ts'
import { Socket } from './support/socket.ts'

const log = createLog('silent')
const clock = { now: () => Date.now() }
/** What is tested here must not depend on how busy the machine is. */
const PATIENT_MS = 5000
const canRun = findRedis() !== undefined || process.env['CI'] === 'true'
const server = useServer()
const database = () => server().server.contextForTesting.databases.chat

describe.skipIf(!canRun)('with a real Redis', () => {
  let redis: RedisProcess
  let client: Redis
  beforeAll(async () => {
    redis = await startRedis()
    client = await connectRedis({ url: redis.url, log })
  })
  afterAll(async () => {
    client?.destroy()
    await redis?.dispose()
  })

  async function talk(messages: number): Promise<ConversationId> {
    const { ann, conversationId } = await makePair(server().url)
    const socket = await Socket.connect(ann.api)
    for (let count = 1; count <= messages; count++)
      await socket.send(socket.frame(conversationId, new Uint8Array(64).fill(count)))
    socket.close()
    return conversationId
  }

  /** What a node has that has just started. */
  function openNode() {
    const pages = createLogPages({ primary: database(), replicas: [], clock, log })
    let fromLog = 0
    const counted: typeof pages = {
      read(...place) {
        fromLog += 1
        return pages.read(...place)
      },
    }
    const shared = createRedisSharedTail(client, clock, PATIENT_MS)
    const reader = createLogReader({ tail: createLogTail(), shared, pages: counted, database: database() })
    return {
      fromLog: () => fromLog,
      read: async (conversationId: ConversationId, from: number, upTo: number, lastSeq = upTo) =>
        (await reader.read(conversationId, from, upTo, lastSeq)).map(({ seq, body }) => [seq, body[0]]),
    }
  }
  const numbers = (first: number, last: number) =>
    Array.from({ length: last - first + 1 }, (_, at) => [first + at, first + at])

  test('P63 of many that come to other nodes at once, the first alone reads the log', async () => {
    const conversationId = await talk(6)
    const [one, other] = [openNode(), openNode()]
    const crowd = Array.from({ length: 20 }, () => one.read(conversationId, 2, 6))
    for (const events of await Promise.all(crowd)) expect(events).toEqual(numbers(3, 6))
    expect(await other.read(conversationId, 2, 6)).toEqual(numbers(3, 6))
    expect(await other.read(conversationId, 4, 6)).toEqual(numbers(5, 6))
    expect([one.fromLog(), other.fromLog()]).toEqual([1, 0])
    // More than anybody has asked for yet, then the same.
    expect(await other.read(conversationId, 0, 6)).toEqual(numbers(1, 6))
    expect(await openNode().read(conversationId, 0, 6)).toEqual(numbers(1, 6))
    expect(await other.read(conversationId, 1, 6)).toEqual(numbers(2, 6))
    expect([one.fromLog(), other.fromLog()]).toEqual([1, 1])
  })

  test('what lies further back in a log is kept by nobody', async () => {
    const conversationId = await talk(4)
    const node = openNode()
    for (const time of [1, 2]) {
      expect(await node.read(conversationId, 0, 2, 4)).toEqual(numbers(1, 2))
      expect(node.fromLog()).toBe(time)
    }
  })

  test('P40 what a database has held that another has taken the place of is not given', async () => {
    const conversationId = await talk(3)
    await openNode().read(conversationId, 0, 3)
    // As where the last ones were lost, and others were committed in their place.
    await sql`
      UPDATE message SET message_id = decode(md5(seq::text), 'hex'), body = decode('63', 'hex')
      WHERE conversation_id = ${idBytes(conversationId)} AND seq >= 2`.execute(database())
    const node = openNode()
    expect(await node.read(conversationId, 0, 3)).toEqual([...numbers(1, 1), [2, 0x63], [3, 0x63]])
    expect(node.fromLog()).toBe(1)
  })

  test('with Redis away everybody reads the log', async () => {
    const conversationId = await talk(2)
    await redis.kill9()
    const node = openNode()
    expect(await node.read(conversationId, 0, 2)).toEqual(numbers(1, 2))
    expect(node.fromLog()).toBe(1)
  })
})
