import type { ConversationId } from '@entangle/protocol'
import {
  createSpareDatabases,
  createTempDir,
  findFreePort,
  type ServerProcess,
  type SpareDatabases,
  startServer,
  type TempDir,
} from '@entangle/testkit/harness'
import {
  chooseNginxPorts,
  findKafka,
  findNginx,
  findRedis,
  type KafkaCluster,
  type NginxProcess,
  type RedisProcess,
  startKafka,
  startNginx,
  startRedis,
} from '@entangle/testkit/services'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { makePair, Person } from '../support/person.ts'
import { Socket } from '../support/socket.ts'

const body = (text: string) => new TextEncoder().encode(text)
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
/** Where everything has to be tested, a service that is not there is a failure. */
const canRun =
  [findKafka(), findRedis(), findNginx()].every(found => found !== undefined) || process.env['CI'] === 'true'

/** Each service in processes of its own, chat in two, behind NGINX as operators get it. */
describe.skipIf(!canRun)('auth, keys and chat apart, behind NGINX', () => {
  let redis: RedisProcess
  let kafka: KafkaCluster
  let nginx: NginxProcess
  let databases: SpareDatabases
  let folder: TempDir
  let auth: ServerProcess
  let keys: ServerProcess
  let chats: ServerProcess[]
  let ann: Person
  let ben: Person
  let conversationId: ConversationId
  let internalKeysUrl: string

  beforeAll(async () => {
    ;[redis, kafka] = await Promise.all([startRedis(), startKafka()])
    databases = await createSpareDatabases(inject('server').dataDir)
    folder = await createTempDir('apart')
    const ports = await chooseNginxPorts()
    internalKeysUrl = `http://127.0.0.1:${String(ports.internal.keys)}`
    const start = async (service: 'auth' | 'keys' | 'chat') => {
      const internalPort = await findFreePort()
      const { USER_DATABASE_URL, CHAT_DATABASE_URL } = databases.env
      const server = await startServer({
        service,
        dataDir: folder.path,
        env: {
          ...(service === 'chat' ? { CHAT_DATABASE_URL, KAFKA_BROKERS: kafka.bootstrap.join(',') } : {}),
          ...(service === 'chat' ? {} : { USER_DATABASE_URL }),
          REDIS_URL: redis.url,
          INTERNAL_LISTEN: String(internalPort),
          AUTH_URL: `http://127.0.0.1:${String(ports.internal.auth)}`,
          KEYS_URL: internalKeysUrl,
          CHAT_URL: `http://127.0.0.1:${String(ports.internal.chat)}`,
          PUBLIC_URL: `http://localhost:${String(ports.port)}`,
          TRUST_PROXY: '127.0.0.1',
          REGISTRATION: 'open',
          RATE_LIMITS: 'off-for-benchmarks',
          LOG_LEVEL: 'warn',
        },
      })
      return { server, port: server.port, internalPort }
    }
    const apart = [
      await start('keys'),
      await start('auth'),
      await start('chat'),
      await start('chat'),
    ] as const
    const [keysPart, authPart, ...chatParts] = apart
    keys = keysPart.server
    auth = authPart.server
    chats = chatParts.map(({ server }) => server)
    nginx = await startNginx(ports, { auth: [authPart], keys: [keysPart], chat: chatParts })
    const pair = await makePair(nginx.url)
    ann = pair.ann
    ben = pair.ben
    conversationId = pair.conversationId
  }, 180_000)

  afterAll(async () => {
    await nginx?.dispose()
    await Promise.all([auth, keys, ...(chats ?? [])].map(server => server?.dispose()))
    await Promise.all([redis?.dispose(), kafka?.dispose()])
    await databases?.drop()
    await folder?.remove()
  }, 60_000)

  const hears = (socket: Socket, text: string) =>
    socket.until(() => socket.delivered.some(event => textOf(event.body) === text))

  test('people sign up, meet and write to each other, wherever their sockets are', async () => {
    const sockets = [
      await Socket.connect(ann.api),
      await Socket.connect(ben.api),
      await Socket.connect(ann.api),
    ]
    const [from] = sockets
    if (from === undefined) throw new Error('no socket')
    for (let count = 0; count < 50; count++)
      from.post(from.frame(conversationId, body(`hello ${String(count)}`)))
    for (const socket of sockets) await hears(socket, 'hello 49')
    for (const socket of sockets) socket.close()
  })

  test('P85 who is signed out loses the socket within five seconds', async () => {
    const elsewhere = await ben.enrolAnother()
    const socket = await Socket.connect(elsewhere.api)
    const startedAt = performance.now()
    await elsewhere.api.call('signOut', { eraseDevice: false })
    await socket.closed
    expect(performance.now() - startedAt).toBeLessThan(5000)
    const isRefused = () =>
      elsewhere.api.call('listConversations', {}).then(
        () => false,
        error => error.code === 'AUTH_TOKEN_INVALID',
      )
    await expect.poll(isRefused, { timeout: 5000 }).toBe(true)
  })

  test('while auth and keys are away, open sockets go on; when they are back, so does everything', async () => {
    const [from, to] = [await Socket.connect(ann.api), await Socket.connect(ben.api)]
    await Promise.all([auth.kill9(), keys.kill9()])
    await from.send(from.frame(conversationId, body('on our own')))
    await hears(to, 'on our own')
    await Promise.all([auth.restart(), keys.restart()])
    await expect
      .poll(
        () =>
          ann.api.call('listConversations', {}).then(
            () => true,
            () => false,
          ),
        { timeout: 10_000 },
      )
      .toBe(true)
    expect((await Person.signUp(nginx.url)).accountId).toBeDefined()
    for (const socket of [from, to]) socket.close()
  })

  test('one chat node drains: its people come back to the other, and nothing is refused', async () => {
    const [one] = chats
    const sockets = await Promise.all(Array.from({ length: 8 }, () => Socket.connect(ben.api)))
    const from = await Socket.connect(ann.api)
    await one?.stop()
    const refused: unknown[] = []
    for (let count = 0; count < 20; count++)
      await Socket.connect(ann.api).then(
        socket => socket.close(),
        error => refused.push(error),
      )
    expect(refused).toEqual([])
    const again = await Socket.connect(ben.api)
    const writer = await Socket.connect(ann.api)
    await writer.send(writer.frame(conversationId, body('after the drain')))
    await hears(again, 'after the drain')
    await one?.restart()
    for (const socket of [...sockets, from, again, writer]) socket.close()
  })

  test('what comes to an internal address without the seal is refused', async () => {
    const ask = (url: string) => fetch(`${url}/internal/readTokenKeys`, { method: 'POST', body: 'a0' })
    expect((await ask(internalKeysUrl)).status).toBe(401)
    expect((await ask(nginx.url)).status).toBe(404)
  })
})
