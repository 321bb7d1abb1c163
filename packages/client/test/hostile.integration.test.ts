import {
  decodeCbor,
  ERRORS,
  encodeAck,
  encodeCbor,
  encodeDeliver,
  FRAME,
  parseDeliver,
  parseSend,
} from '@entangle/protocol'
import { afterAll, expect, inject, test } from 'vitest'
import { DEFAULT_TIMING, type Timing } from '../src/account/timing.ts'
import { copyMedium } from '../src/adapters/memory/index.ts'
import type { ChatId } from '../src/api/engine-api.ts'
import {
  type HttpAnswer,
  type HttpRequest,
  NetworkError,
  type SocketEvents,
  type SocketHandle,
  type Transport,
} from '../src/ports/transport.ts'
import { type Device, type Mortal, newDevice, startMortal } from './support/mortal.ts'
import { newPerson, PASSWORD, type Person, texts, until } from './support/person.ts'

const server = inject('server')
const people: Person[] = []
const engines: Mortal[] = []

afterAll(async () => {
  for (const engine of engines) await engine.bury()
  for (const person of people) await person.leave().catch(() => undefined)
})

/** What a hostile server does to what passes; everything else goes through. */
type Mischief = {
  answer?: (request: HttpRequest, answer: HttpAnswer) => HttpAnswer | Promise<HttpAnswer>
  received?: (frame: Uint8Array, pass: (frame: Uint8Array) => void) => void
  sent?: (frame: Uint8Array, pass: (frame: Uint8Array) => void, events: SocketEvents) => void
}

const withMischief =
  (mischief: Mischief) =>
  (transport: Transport): Transport => ({
    origin: transport.origin,
    exchange: async request => {
      const answer = await transport.exchange(request)
      return mischief.answer?.(request, answer) ?? answer
    },
    openSocket: (ticket, events) => {
      const socket: SocketHandle = transport.openSocket(ticket, {
        ...events,
        received: frame =>
          mischief.received === undefined
            ? events.received(frame)
            : mischief.received(frame, events.received),
      })
      return {
        close: socket.close,
        send: frame =>
          mischief.sent === undefined ? socket.send(frame) : mischief.sent(frame, socket.send, events),
      }
    },
  })

type Victim = {
  readonly device: Device
  readonly engine: Mortal
  readonly handle: string
  readonly mischief: Mischief
}

/** Asks for the heads all the time, so that what the network lost is missed soon. */
const HASTY = { headCheck: { min: 150, max: 250 } }

async function start(device: Device, mischief: Mischief, timing: Partial<Timing> = HASTY): Promise<Mortal> {
  const engine = await startMortal({
    serverUrl: server.url,
    device,
    wrap: withMischief(mischief),
    timing,
  })
  engines.push(engine)
  return engine
}

async function newVictim(timing?: Partial<Timing>): Promise<Victim> {
  const device = newDevice()
  const mischief: Mischief = {}
  const engine = await start(device, mischief, timing)
  const handle = `victim${Math.floor(Math.random() * 1e9)}`
  await engine.request('signUp', { handle, displayName: 'Victim', password: PASSWORD })
  return { device, engine, handle, mischief }
}

async function peerOf(victim: Victim): Promise<{ peer: Person; toPeer: ChatId; accountId: string }> {
  const peer = await newPerson(server.url, 'peer', { receiptDelay: 30, selfUpdate: { min: 20, max: 60 } })
  people.push(peer)
  await peer.online()
  const { accountId } = await victim.engine.request('findAccount', { handle: peer.handle })
  return { peer, toPeer: await victim.engine.request('openDirectChat', { accountId }), accountId }
}

/** A conversation that both have accepted and that has settled. */
async function talk(victim: Victim) {
  const found = await peerOf(victim)
  await victim.engine.request('sendText', { chatId: found.toPeer, text: 'hello' })
  const { id } = await found.peer.untilChat(victim.handle, chat => chat.last?.text === 'hello')
  await found.peer.say(id, 'hello back')
  await until(victim.engine, 'chats', chats => chats.some(chat => chat.last?.text === 'hello back'))
  await new Promise(resolve => setTimeout(resolve, 300))
  return { ...found, toVictim: id }
}

const rowsOf = async (engine: Mortal, chatId: ChatId) =>
  (await engine.request('openTimeline', { chatId, at: 'latest' })).rows

const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'passed',
    error => error.code,
  )

test('P63 lost, doubled and swapped deliveries are healed from the log', async () => {
  const victim = await newVictim()
  const { peer, toVictim, toPeer } = await talk(victim)
  let count = 0
  let held: Uint8Array | undefined
  victim.mischief.received = (frame, pass) => {
    if (frame[0] !== FRAME.deliver) return pass(frame)
    count += 1
    if (count % 5 === 0) return
    if (count % 5 === 1) {
      pass(frame)
      return pass(frame)
    }
    if (count % 5 === 2) {
      held = frame.slice()
      return
    }
    pass(frame)
    if (held !== undefined) pass(held)
    held = undefined
  }
  const sent = Array.from({ length: 30 }, (_, index) => `m${index}`)
  for (const text of sent) await peer.say(toVictim, text)
  await until(victim.engine, 'chats', chats => chats.some(chat => chat.last?.text === 'm29'))
  expect(texts(await rowsOf(victim.engine, toPeer))).toEqual(['hello', 'hello back', ...sent])
})

// Compared with nothing, the copy encrypts under keys that were used.
test('P46 mistake 12: a restored old copy refuses to send and encrypts nothing', async () => {
  const victim = await newVictim()
  const { peer, toVictim, toPeer } = await talk(victim)
  const copy = copyMedium(victim.device.medium)
  await victim.engine.request('sendText', { chatId: toPeer, text: 'after the copy' })
  await peer.untilChat(victim.handle, chat => chat.last?.text === 'after the copy')
  await victim.engine.bury()
  victim.device.medium = copy
  const before = victim.device.sent.length
  const restored = await start(victim.device, {})
  await expect
    .poll(() => codeOf(restored.request('sendText', { chatId: toPeer, text: 'must not go' })))
    .toBe('CHAT_DEVICE_ROLLED_BACK')
  await new Promise(resolve => setTimeout(resolve, 300))
  expect(victim.device.sent.length).toBe(before)
  expect(texts(await peer.rows(toVictim)).includes('must not go')).toBe(false)
})

test('P33 another account key than the pinned one: a warning, and nothing is encrypted', async () => {
  const victim = await newVictim()
  const { toPeer, accountId } = await peerOf(victim)
  const { peer: eve } = await peerOf(victim)
  await victim.engine.request('readSafetyNumber', { accountId: accountId as never })
  const evesId = await eve.accountId()
  victim.mischief.answer = async (request, answer) => {
    if (!request.target.includes(`/identities/${accountId}`)) return answer
    const { body } = await fetchAs(victim, request, `/v1/keys/identities/${evesId}`)
    return { status: 200, body }
  }
  await victim.engine.request('sendText', { chatId: toPeer, text: 'secret' })
  await until(victim.engine, 'chats', chats => chats.some(chat => chat.warning === 'identity-changed'))
  expect(victim.device.sent).toEqual([])
  expect(await codeOf(victim.engine.request('sendText', { chatId: toPeer, text: 'more' }))).toBe(
    'ENGINE_IDENTITY_CHANGED',
  )
})

test('P33 a key package of a stranger, given out as the peer: a warning, and nothing is encrypted', async () => {
  const victim = await newVictim()
  const { toPeer } = await peerOf(victim)
  const { peer: eve } = await peerOf(victim)
  const evesId = await eve.accountId()
  victim.mischief.answer = async (request, answer) => {
    if (!request.target.endsWith('/packages/claim')) return answer
    const other = await fetchAs(
      victim,
      { ...request, body: encodeCbor({ accountId: evesId }) },
      request.target,
    )
    return { status: 200, body: other.body }
  }
  await victim.engine.request('sendText', { chatId: toPeer, text: 'secret' })
  await until(victim.engine, 'chats', chats => chats.some(chat => chat.warning === 'identity-changed'))
  expect(victim.device.sent).toEqual([])
})

async function fetchAs(_: Victim, request: HttpRequest, target: string): Promise<HttpAnswer> {
  const answer = await fetch(new URL(target, server.url), {
    method: request.method,
    headers: {
      accept: 'application/cbor',
      authorization: `Bearer ${request.accessToken}`,
      ...(request.body === undefined ? {} : { 'content-type': 'application/cbor' }),
    },
    ...(request.body === undefined ? {} : { body: Uint8Array.from(request.body) }),
  })
  const body = new Uint8Array(await answer.arrayBuffer())
  expect(decodeCbor(body)).toBeDefined()
  return { status: answer.status, body }
}

test('P45 P61 a refused epoch: one new encryption under the same id, the order kept', async () => {
  const victim = await newVictim()
  const { peer, toVictim, toPeer } = await talk(victim)
  const refused = new Set<string>()
  victim.mischief.sent = (frame, pass, events) => {
    const send = parseSend(frame)
    if (send === undefined || refused.has(send.messageId)) return pass(frame)
    refused.add(send.messageId)
    const { conversationId, messageId, epoch } = send
    const status = ERRORS.CHAT_EPOCH_STALE.number
    events.received(encodeAck({ conversationId, messageId, status, seq: epoch + 1, serverTime: Date.now() }))
  }
  const sent = ['one', 'two', 'three', 'four']
  for (const text of sent) await victim.engine.request('sendText', { chatId: toPeer, text })
  await peer.untilChat(victim.handle, chat => chat.last?.text === 'four')
  expect(texts(await peer.rows(toVictim)).slice(-4)).toEqual(sent)
  for (const messageId of refused) {
    expect(victim.device.sent.filter(frame => frame.messageId === messageId)).toHaveLength(2)
  }
})

test('P68 a ciphertext that does not open waits in its place and stops nobody; the log has it whole', async () => {
  // In no haste: the log would give the sound ciphertext before the spoilt one arrives.
  const victim = await newVictim({})
  const { peer, toVictim, toPeer } = await talk(victim)
  let spoilt = false
  let isAway = true
  victim.mischief.answer = (request, answer) => {
    if (isAway && request.target.includes('/events')) throw new NetworkError('away')
    return answer
  }
  victim.mischief.received = (frame, pass) => {
    const deliver = parseDeliver(frame)
    if (deliver?.kind !== 'application' || spoilt) return pass(frame)
    spoilt = true
    const body = deliver.body.slice()
    body[body.length - 1] = (body.at(-1) ?? 0) ^ 1
    pass(encodeDeliver({ ...deliver, body }))
  }
  for (const text of ['spoilt', 'next']) await peer.say(toVictim, text)
  await until(victim.engine, 'chats', chats => chats.some(chat => chat.last?.text === 'next'))
  const rows = await rowsOf(victim.engine, toPeer)
  expect(rows.slice(-2).map(row => row.content)).toEqual([
    { kind: 'pending', state: 'waiting' },
    { kind: 'text', text: 'next' },
  ])
  isAway = false
  await expect
    .poll(async () => texts((await rowsOf(victim.engine, toPeer)).slice(-2)), { timeout: 10_000 })
    .toEqual(['spoilt', 'next'])
})

test('P68 who can read nothing any more of what is said comes in anew, and what follows is read', async () => {
  const victim = await newVictim({})
  const { peer, toVictim, toPeer } = await talk(victim)
  const spoilt = new Set<string>()
  const spoil = (body: Uint8Array) => body.map((byte, at) => (at === body.length - 1 ? byte ^ 1 : byte))
  victim.mischief.received = (frame, pass) => {
    const deliver = parseDeliver(frame)
    if (deliver?.kind !== 'application' || spoilt.size === 3) return pass(frame)
    spoilt.add(deliver.messageId)
    pass(encodeDeliver({ ...deliver, body: spoil(deliver.body) }))
  }
  victim.mischief.answer = ({ target }, answer) => {
    if (!target.includes('/events')) return answer
    const page = decodeCbor(answer.body) as { events: { messageId: string; body: Uint8Array }[] }
    const events = page.events.map(event =>
      spoilt.has(event.messageId) ? { ...event, body: spoil(event.body) } : event,
    )
    return { ...answer, body: encodeCbor({ ...page, events }) }
  }
  const lastContents = async () => (await rowsOf(victim.engine, toPeer)).map(row => row.content).slice(-2)
  for (const text of ['one', 'two', 'three']) await peer.say(toVictim, text)
  await expect
    .poll(lastContents, { timeout: 10_000 })
    .toContainEqual({ kind: 'notice', notice: { kind: 'repaired' } })
  await peer.say(toVictim, 'four')
  await expect.poll(lastContents, { timeout: 10_000 }).toContainEqual({ kind: 'text', text: 'four' })
})

// Encrypted anew after a restart, the same id goes out with other bytes: CHAT_MESSAGE_ID_REUSED, and a key for nothing.
test('P42 P64 mistake 4: an answer that never came: the same bytes go again, and come back as our own, once', async () => {
  const victim = await newVictim()
  const { peer, toVictim, toPeer } = await talk(victim)
  let swallowed = 0
  victim.mischief.received = (frame, pass) => {
    if ((frame[0] === FRAME.ack || frame[0] === FRAME.deliver) && swallowed < 4) swallowed += 1
    else pass(frame)
  }
  for (const text of ['a', 'b', 'c']) await victim.engine.request('sendText', { chatId: toPeer, text })
  await peer.untilChat(victim.handle, chat => chat.last?.text === 'c')
  await victim.engine.bury()
  const back = await start(victim.device, {})
  await expect.poll(async () => (await rowsOf(back, toPeer)).every(row => row.seq !== null)).toBe(true)
  expect(texts(await peer.rows(toVictim)).slice(-3)).toEqual(['a', 'b', 'c'])
  const own = (await rowsOf(back, toPeer)).filter(row => row.own)
  expect(texts(own).slice(-3)).toEqual(['a', 'b', 'c'])
  const bodies = new Map<string, string>()
  for (const { messageId, body } of victim.device.sent) {
    const text = Buffer.from(body).toString('hex')
    expect(bodies.get(messageId) ?? text).toBe(text)
    bodies.set(messageId, text)
  }
})

test('P34 key packages: the private parts lie in the store before the public ones are sent, up to 50', async () => {
  const device = newDevice()
  let available = 0
  let early = 0
  const mischief: Mischief = {
    answer: (request, answer) => {
      if (!request.target.endsWith('/v1/keys/packages') || answer.status !== 200) return answer
      const status = decodeCbor(answer.body)
      if (typeof status === 'object' && status !== null && 'available' in status)
        available = Number(status.available)
      const stored = [...device.medium.values.keys()].filter(key => key.includes('/mls/k/')).length
      if (stored < available) early += 1
      return answer
    },
  }
  const engine = await start(device, mischief, { keyPackages: DEFAULT_TIMING.keyPackages })
  const handle = `keys${Math.floor(Math.random() * 1e9)}`
  await engine.request('signUp', { handle, displayName: 'Keys', password: PASSWORD })
  await expect.poll(() => available, { timeout: 15_000 }).toBe(50)
  expect(early).toBe(0)
})
