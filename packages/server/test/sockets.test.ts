import { CLOSE, type ConversationId, LIMITS, SOCKET_PATH } from '@entangle/protocol'
import { expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { makePair, Person } from './support/person.ts'
import { useServer } from './support/server.ts'
import { Socket } from './support/socket.ts'

const server = useServer({ RATE_LIMITS: 'off-for-benchmarks' })
const url = () => server().url
const body = (text: string) => new TextEncoder().encode(text)

/** The HTTP status with which an upgrade is refused. */
const statusOf = (headers: Record<string, string>, protocols: string[], path = SOCKET_PATH) =>
  new Promise<number>((resolve, reject) => {
    const socket = new WebSocket(url().replace('http', 'ws') + path, protocols, { headers })
    socket.on('unexpected-response', (_, response) => {
      resolve(response.statusCode ?? 0)
      socket.terminate()
    })
    socket.on('open', () => reject(new Error('the upgrade was not refused')))
    socket.on('error', () => undefined)
  })

test('P80 a ticket opens one socket, and only from our origin', async () => {
  const ann = await Person.signUp(url())
  const ticket = async () => (await ann.api.call('issueTicket', {})).ticket
  expect(await statusOf({}, ['entangle.v1'])).toBe(401)
  expect(await statusOf({}, ['entangle.v1', 'ticket.invented'])).toBe(401)
  expect(await statusOf({}, [`ticket.${await ticket()}`])).toBe(401)
  expect(await statusOf({}, ['entangle.v1', `ticket.${await ticket()}`], '/v1/chat/other')).toBe(404)
  expect(
    await statusOf({ origin: 'https://evil.example' }, ['entangle.v1', `ticket.${await ticket()}`]),
  ).toBe(403)
  const good = await ticket()
  const socket = await Socket.openWith(url(), good, { origin: url() })
  expect(await statusOf({}, ['entangle.v1', `ticket.${good}`])).toBe(401)
  socket.close()
})

test('P11 what comes before hello, or is no frame, is refused; who goes on is closed', async () => {
  const { ann, conversationId } = await makePair(url())
  const early = await Socket.open(ann.api)
  early.post(early.frame(conversationId, body('early')))
  await early.until(() => early.controls.length === 1)
  expect(early.controlOf('error').code).toBe('CHAT_FRAME_INVALID')
  for (let count = 0; count < 5; count++) early.raw(new Uint8Array([0x77, count]))
  expect(await early.closed).toBe(CLOSE.malformed)

  const text = await Socket.connect(ann.api)
  text.raw('hello')
  expect(await text.closed).toBe(CLOSE.malformed)

  const large = await Socket.connect(ann.api)
  large.raw(new Uint8Array(LIMITS.frameBytes + 1))
  expect(await large.closed).toBe(1009)

  const twice = await Socket.connect(ann.api)
  twice.control({ t: 'hello', version: 1 })
  await twice.until(() => twice.controls.some(control => control.t === 'error'))
  const frame = twice.frame(conversationId, new Uint8Array(LIMITS.messageBodyBytes + 1))
  expect((await twice.send(frame)).status).toBe(2)
  twice.close()
})

/** As large as what is pushed at all, many at once: all of them well within the time that the server grants a reader. */
async function sendLarge(socket: Socket, conversationId: ConversationId, total: number): Promise<void> {
  for (let sent = 0; sent < total; sent += 50) {
    const acks = await Promise.all(
      Array.from({ length: 50 }, () =>
        socket.send(socket.frame(conversationId, new Uint8Array(32 * 1024)), 30_000),
      ),
    )
    expect(acks.every(ack => ack.status === 0)).toBe(true)
  }
}

test('P82 a reader that stalls is skipped, then closed; the log has what it missed', async () => {
  const { ann, ben, conversationId } = await makePair(url())
  const [left, right] = [await Socket.connect(ann.api), await Socket.connect(ben.api)]
  right.pause()
  const total = 900
  await sendLarge(left, conversationId, total)
  await new Promise(resolve => setTimeout(resolve, 12_000))
  right.resume()
  expect([CLOSE.slowConsumer, 1006]).toContain(await right.closed)
  expect(right.delivered.length).toBeLessThan(total)
  const { lastSeq } = await ben.api.call('readEvents', { conversationId, after: 0 })
  expect(lastSeq).toBe(total)
  left.close()
}, 120_000)

test('P82 a reader that catches up in time is told the heads', async () => {
  const { ann, ben, conversationId } = await makePair(url())
  const [left, right] = [await Socket.connect(ann.api), await Socket.connect(ben.api)]
  right.pause()
  const total = 450
  await sendLarge(left, conversationId, total)
  right.resume()
  // What was left out lies before a head that was told after it.
  const toldUpTo = () =>
    Math.max(
      0,
      ...right.controls.map(control => (control.t === 'heads' ? (control.heads[0]?.lastSeq ?? 0) : 0)),
    )
  const knowsAll = () => {
    const delivered = new Set(right.delivered.map(event => event.seq))
    return Array.from({ length: total - toldUpTo() }, (_, at) => total - at).every(seq => delivered.has(seq))
  }
  await right.until(() => toldUpTo() > 0 && knowsAll(), 30_000)
  expect(right.delivered.length).toBeLessThan(total)
  left.close()
  right.close()
}, 60_000)

test('P84 a session that ends closes its sockets at once', async () => {
  const ann = await Person.signUp(url())
  const socket = await Socket.connect(ann.api)
  const startedAt = Date.now()
  await ann.api.call('signOut', { eraseDevice: false })
  expect(await socket.closed).toBe(CLOSE.unauthorized)
  expect(Date.now() - startedAt).toBeLessThan(5000)
})
