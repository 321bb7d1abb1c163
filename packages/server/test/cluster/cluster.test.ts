import type { ConversationId } from '@entangle/protocol'
import { type Cluster, missingForCluster } from '@entangle/testkit/cluster'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Api } from '../support/api.ts'
import { openCluster } from '../support/cluster.ts'
import { makePair, Person } from '../support/person.ts'
import { Socket } from '../support/socket.ts'

const body = (text: string) => new TextEncoder().encode(text)
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
/** Where everything has to be tested, a service that is not there is a failure. */
const canRun = missingForCluster().length === 0 || process.env['CI'] === 'true'

/** Each service in processes of its own, chat in two, behind NGINX as operators get it. */
describe.skipIf(!canRun)('auth, keys and two chat nodes behind NGINX, over Redis and Kafka', () => {
  let cluster: Cluster
  let ann: Person
  let ben: Person
  let conversationId: ConversationId

  beforeAll(async () => {
    cluster = await openCluster()
    const pair = await makePair(cluster.url)
    ann = pair.ann
    ben = pair.ben
    conversationId = pair.conversationId
  }, 180_000)

  afterAll(async () => {
    await cluster?.dispose()
  }, 60_000)

  /** A socket at one chat node: NGINX would choose by itself. */
  const connectTo = async (node: number, { api }: Person) => {
    const { ticket } = await api.call('issueTicket', {})
    const socket = await Socket.openWith(cluster.chat[node]?.url ?? '', ticket)
    socket.control({ t: 'hello', version: 1 })
    await socket.until(() => socket.controls.some(control => control.t === 'ready'))
    return socket
  }
  const heard = (socket: Socket, text: string) => socket.delivered.some(event => textOf(event.body) === text)
  const hears = (socket: Socket, text: string, timeoutMs?: number) =>
    socket.until(() => heard(socket, text), timeoutMs)
  const say = (socket: Socket, text: string) => socket.send(socket.frame(conversationId, body(text)))
  const closeAll = (...sockets: readonly (Socket | undefined)[]) => {
    for (const socket of sockets) socket?.close()
  }

  test('who writes on one node is heard on the other at once, in the order of the log', async () => {
    const [from, to] = [await connectTo(0, ann), await connectTo(1, ben)]
    const texts = Array.from({ length: 300 }, (_, index) => `message ${String(index)}`)
    for (const text of texts) from.post(from.frame(conversationId, body(text)))
    await to.until(() => to.delivered.length >= texts.length)
    expect(to.delivered.map(event => textOf(event.body))).toEqual(texts)
    from.control({ t: 'ephemeral', conversationId, epoch: 1, body: body('typing') })
    await to.until(() => to.controls.some(control => control.t === 'ephemeral'))
    closeAll(from, to)
  })

  test('P87 what auth shows of devices was sealed and opened by keys, in another process', async () => {
    const person = await Person.signUp(cluster.url)
    person.api.headers = {
      'x-forwarded-for': '203.0.113.7',
      'user-agent': 'Firefox/140.0 (X11; Linux x86_64)',
    }
    await person.api.call('refreshSession', {})
    const { devices } = await person.api.call('listDevices', {})
    // Believed because the visitor comes from the address that is trusted here, as a proxy before NGINX would.
    expect(devices).toMatchObject([{ lastAddress: '203.0.113.7', lastClient: 'Firefox on Linux' }])
  })

  test('P84 who is signed out loses the socket, and the token, within five seconds', async () => {
    const elsewhere = await ben.enrolAnother()
    const socket = await connectTo(1, elsewhere)
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
    const [from, to] = [await connectTo(0, ann), await connectTo(1, ben)]
    const apart = [...cluster.auth, ...cluster.keys]
    await Promise.all(apart.map(server => server.kill9()))
    await say(from, 'on our own')
    await hears(to, 'on our own')
    await Promise.all(apart.map(server => server.restart()))
    const isBack = () =>
      ann.api.call('listConversations', {}).then(
        () => true,
        () => false,
      )
    await expect.poll(isBack, { timeout: 10_000 }).toBe(true)
    expect((await Person.signUp(cluster.url)).accountId).toBeDefined()
    closeAll(from, to)
  })

  test('while Kafka is away, people on one node go on; the others catch up when it is back', async () => {
    const [from, beside, to] = [await connectTo(0, ann), await connectTo(0, ben), await connectTo(1, ben)]
    const [broker] = cluster.kafka.brokers
    await broker?.kill9()
    await say(from, 'into the dark')
    await hears(beside, 'into the dark')
    await broker?.restart()
    const knows = () => heard(to, 'into the dark') || to.controls.some(({ t }) => t === 'heads')
    await to.until(knows, 40_000)
    await say(from, 'light again')
    await hears(to, 'light again', 20_000)
    closeAll(from, beside, to)
  })

  test('while Redis is away, open sockets go on; when it is back, empty, so does everything', async () => {
    const [from, to] = [await connectTo(0, ann), await connectTo(1, ben)]
    await cluster.redis.kill9()
    await say(from, 'without Redis')
    await hears(to, 'without Redis')
    await expect(ann.api.call('issueTicket', {})).rejects.toMatchObject({ code: 'SERVER_UNAVAILABLE' })
    await cluster.redis.restart()
    // Each node comes back to it by itself.
    const isServedBy = ({ url }: { readonly url: string }) => {
      const api = new Api(url)
      api.accessToken = ann.api.accessToken
      return api.call('issueTicket', {}).then(
        () => true,
        () => false,
      )
    }
    const canConnect = async () => (await Promise.all(cluster.chat.map(isServedBy))).every(Boolean)
    await expect.poll(canConnect, { timeout: 10_000 }).toBe(true)
    closeAll(from, to)
  })

  test('a chat node that is killed: its people are heard by the other within five seconds', async () => {
    const [from, to] = [await connectTo(0, ann), await connectTo(1, ben)]
    await cluster.chat[1]?.kill9()
    await to.closed
    const startedAt = performance.now()
    const again = await Socket.connect(ben.api)
    await say(from, 'to the other node')
    await hears(again, 'to the other node')
    expect(performance.now() - startedAt).toBeLessThan(5000)
    await cluster.chat[1]?.restart()
    const back = await connectTo(1, ben)
    await say(from, 'home')
    await hears(back, 'home')
    closeAll(from, again, back)
  })

  test('a chat node that drains: nobody who comes meanwhile is refused', async () => {
    const [one] = cluster.chat
    const from = await connectTo(0, ann)
    await one?.stop()
    expect(await from.closed).toBe(1012)
    const refused: unknown[] = []
    for (let count = 0; count < 20; count++) {
      await Socket.connect(ann.api).then(
        socket => socket.close(),
        error => refused.push(error),
      )
    }
    expect(refused).toEqual([])
    await one?.restart()
  })

  test('what comes to an internal address without the seal is refused', async () => {
    const ask = (url: string) => fetch(`${url}/internal/readTokenKeys`, { method: 'POST', body: 'a0' })
    expect((await ask(cluster.internalKeysUrl)).status).toBe(401)
    expect((await ask(cluster.url)).status).toBe(404)
  })
})
