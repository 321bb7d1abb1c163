import type { ConversationId } from '@entangle/protocol'
import {
  createSpareDatabases,
  createTempDir,
  type ServerProcess,
  type SpareDatabases,
  startServer,
  type TempDir,
} from '@entangle/testkit/harness'
import {
  findKafka,
  findRedis,
  type KafkaCluster,
  type RedisProcess,
  startKafka,
  startRedis,
} from '@entangle/testkit/services'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { makePair, type Person } from '../support/person.ts'
import { Socket } from '../support/socket.ts'

const body = (text: string) => new TextEncoder().encode(text)
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
/** Where everything has to be tested, a service that is not there is a failure. */
const canRun = (findKafka() !== undefined && findRedis() !== undefined) || process.env['CI'] === 'true'

/** Two processes that share everything but their sockets. */
describe.skipIf(!canRun)('two nodes, with a real Redis and a real Kafka', () => {
  let redis: RedisProcess
  let kafka: KafkaCluster
  let databases: SpareDatabases
  let folder: TempDir
  let one: ServerProcess
  let two: ServerProcess
  let ann: Person
  let ben: Person
  let conversationId: ConversationId

  beforeAll(async () => {
    ;[redis, kafka] = await Promise.all([startRedis(), startKafka()])
    databases = await createSpareDatabases(inject('server').dataDir)
    folder = await createTempDir('nodes')
    const env = {
      ...databases.env,
      REDIS_URL: redis.url,
      KAFKA_BROKERS: kafka.bootstrap.join(','),
      // Tokens of one node are good at the other: both answer under one name.
      PUBLIC_URL: 'http://localhost:8420',
      REGISTRATION: 'open',
      RATE_LIMITS: 'off-for-benchmarks',
      LOG_LEVEL: 'info',
    }
    one = await startServer({ dataDir: folder.path, env })
    two = await startServer({ dataDir: folder.path, env })
    const pair = await makePair(one.url)
    ann = pair.ann
    ben = pair.ben
    ben.api.url = two.url
    conversationId = pair.conversationId
  }, 120_000)

  afterAll(async () => {
    await Promise.all([one?.dispose(), two?.dispose()])
    await Promise.all([redis?.dispose(), kafka?.dispose()])
    await databases?.drop()
    await folder?.remove()
  }, 60_000)

  const textsOf = ({ delivered }: Socket) => delivered.map(event => textOf(event.body))

  test('who writes on one node is heard on the other at once, in the order of the log', async () => {
    const [from, to] = [await Socket.connect(ann.api), await Socket.connect(ben.api)]
    const texts = Array.from({ length: 300 }, (_, index) => `message ${String(index)}`)
    for (const text of texts) from.post(from.frame(conversationId, body(text)))
    await to.until(() => to.delivered.length >= texts.length)
    expect(textsOf(to)).toEqual(texts)
    from.control({ t: 'ephemeral', conversationId, epoch: 1, body: body('typing') })
    await to.until(() => to.controls.some(control => control.t === 'ephemeral'))
    for (const socket of [from, to]) socket.close()
  })

  test('P85 a device that is signed out on one node loses its socket on the other within five seconds', async () => {
    const elsewhere = await ben.enrolAnother()
    elsewhere.api.url = two.url
    const socket = await Socket.connect(elsewhere.api)
    elsewhere.api.url = one.url
    const startedAt = performance.now()
    await elsewhere.api.call('signOut', { eraseDevice: false })
    await socket.closed
    expect(performance.now() - startedAt).toBeLessThan(5000)
  })

  test('while Kafka is away, people on one node go on; the others catch up when it is back', async () => {
    const [from, to] = [await Socket.connect(ann.api), await Socket.connect(ben.api)]
    const [broker] = kafka.brokers
    await broker?.kill9()
    const ack = await from.send(from.frame(conversationId, body('into the dark')))
    expect(ack.status).toBe(0)
    await from.until(() => textsOf(from).includes('into the dark'))
    await broker?.restart()
    await to.until(
      () => textsOf(to).includes('into the dark') || to.controls.some(({ t }) => t === 'heads'),
      40_000,
    )
    await from.send(from.frame(conversationId, body('light again')))
    await to.until(() => textsOf(to).includes('light again'), 20_000)
    for (const socket of [from, to]) socket.close()
  })

  test('while Redis is away, open sockets go on; a flushed one is forgotten quickly', async () => {
    const [from, to] = [await Socket.connect(ann.api), await Socket.connect(ben.api)]
    await redis.kill9()
    await from.send(from.frame(conversationId, body('without Redis')))
    await to.until(() => textsOf(to).includes('without Redis'))
    await expect(ann.api.call('issueTicket', {})).rejects.toMatchObject({ code: 'SERVER_UNAVAILABLE' })
    await redis.restart()
    await expect
      .poll(
        () =>
          ann.api.call('issueTicket', {}).then(
            () => true,
            () => false,
          ),
        { timeout: 10_000 },
      )
      .toBe(true)
    for (const socket of [from, to]) socket.close()
  })

  test('a node that is killed: its people go on with the other, and it comes back', async () => {
    const [from, to] = [await Socket.connect(ann.api), await Socket.connect(ben.api)]
    await two.kill9()
    await to.closed
    ben.api.url = one.url
    const startedAt = performance.now()
    const again = await Socket.connect(ben.api)
    await from.send(from.frame(conversationId, body('to the other node')))
    await again.until(() => textsOf(again).includes('to the other node'))
    expect(performance.now() - startedAt).toBeLessThan(5000)
    await two.restart()
    ben.api.url = two.url
    const back = await Socket.connect(ben.api)
    await from.send(from.frame(conversationId, body('home')))
    await back.until(() => textsOf(back).includes('home'))
    for (const socket of [from, again, back]) socket.close()
  })
})
