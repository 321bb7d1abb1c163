import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, expect, inject, test } from 'vitest'
import type { ChatId } from '../src/api/engine-api.ts'
import { newPerson, openPerson, PASSWORD, type Person, texts, until } from './support/person.ts'

const server = inject('server')
const people: Person[] = []

afterAll(async () => {
  for (const person of people) await person.leave().catch(() => undefined)
})

const QUICK = {
  receiptDelay: 30,
  selfUpdate: { min: 20, max: 100 },
  headCheck: { min: 300, max: 500 },
}

async function signUp(name: string): Promise<Person> {
  const person = await newPerson(server.url, name, QUICK)
  people.push(person)
  await person.online()
  return person
}

/** One more device of somebody, by the password alone. */
async function addDevice(person: Person): Promise<Person> {
  const device = await openPerson({ serverUrl: server.url, handle: person.handle, timing: QUICK })
  people.push(device)
  await device.client.request('signIn', { handle: person.handle, password: PASSWORD })
  return device
}

async function couple(a: Person, b: Person, text = 'first') {
  const toB = await a.chatWith(b)
  await a.say(toB, text)
  const request = await b.untilChat(a.handle, chat => chat.last?.text === text)
  await b.client.request('answerRequest', { chatId: request.id, answer: 'accept' })
  return { toB, toA: request.id }
}

const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'passed',
    error => error.code,
  )

async function deviceOf(person: Person) {
  const state = await until(person.client, 'session', session => session.phase === 'signed-in')
  if (state.phase !== 'signed-in') throw new Error('nobody is signed in')
  return state
}

const unreadable = (person: Person) => person.notes.filter(note => note.includes('UNREADABLE'))

/** What is said from now on is in both, once and in the same order. */
async function sameRows(one: Person, other: Person, chatId: ChatId, count: number) {
  const read = async (person: Person) => (await person.rows(chatId)).slice(-count)
  const isSettled = async (person: Person) => {
    const rows = await read(person)
    return rows.length === count && rows.every(row => row.seq !== null)
  }
  await expect.poll(() => isSettled(one), { timeout: 15_000 }).toBe(true)
  await expect.poll(() => isSettled(other), { timeout: 15_000 }).toBe(true)
  const [ofOne, ofOther] = [await read(one), await read(other)]
  expect(ofOther.map(row => row.messageId)).toEqual(ofOne.map(row => row.messageId))
  expect(texts(ofOther)).toEqual(texts(ofOne))
  expect(ofOther.map(row => row.own)).toEqual(ofOne.map(row => row.own))
  return ofOne
}

test('P23 P50 a second device joins five conversations by itself and talks both ways', async () => {
  const a = await signUp('anna')
  const peers = await Promise.all(['p', 'q', 'r', 's', 't'].map(name => signUp(`${name}eer`)))
  const chats: { peer: Person; toPeer: ChatId; toA: ChatId }[] = []
  for (const peer of peers) {
    const { toB, toA } = await couple(a, peer)
    chats.push({ peer, toPeer: toB, toA })
  }
  const second = await addDevice(a)
  await until(second.client, 'chats', all => all.length === 5)
  for (const { peer, toPeer, toA } of chats) {
    await second.say(toPeer, 'from the second')
    await peer.untilChat(a.handle, chat => chat.last?.text === 'from the second')
    await peer.say(toA, 'to both')
    await second.untilChat(peer.handle, chat => chat.last?.text === 'to both')
    await a.untilChat(peer.handle, chat => chat.last?.text === 'to both')
    await a.say(toPeer, 'from the first')
    await second.untilChat(peer.handle, chat => chat.last?.text === 'from the first')
    const rows = await sameRows(a, second, toPeer, 3)
    expect(texts(rows)).toEqual(['from the second', 'to both', 'from the first'])
    expect(rows.map(row => row.own)).toEqual([true, false, true])
    expect((await second.summary(peer.handle))?.unread).toBe(1)
  }
  const devices = await a.client.request('listDevices', {})
  expect(devices.map(device => device.current)).toEqual([true, false])
  expect(devices.map(device => device.name)).toEqual(['Device', 'Device'])
  for (const { deviceId, current } of devices) {
    await a.client.request('renameDevice', { deviceId, name: current ? 'Desk' : 'Phone' })
  }
  await expect
    .poll(async () => (await second.client.request('listDevices', {})).map(({ name }) => name))
    .toEqual(['Phone', 'Desk'])
  expect(unreadable(a)).toEqual([])
  expect(unreadable(second)).toEqual([])
})

test('P40 P64 both devices show every message once, in the same order', async () => {
  const [a, b] = await Promise.all([signUp('one'), signUp('two')])
  const { toB, toA } = await couple(a, b)
  const second = await addDevice(a)
  await second.untilChat(b.handle, () => true)
  await second.say(toB, 'ready')
  await b.untilChat(a.handle, chat => chat.last?.text === 'ready')
  await a.untilChat(b.handle, chat => chat.last?.text === 'ready')
  for (let index = 0; index < 20; index++) {
    await Promise.all([a.say(toB, `x${index}`), second.say(toB, `y${index}`), b.say(toA, `z${index}`)])
  }
  await b.untilChat(a.handle, chat => chat.unread === 42, 20_000)
  const rows = await sameRows(a, second, toB, 61)
  expect(new Set(texts(rows)).size).toBe(61)
  expect(texts((await b.rows(toA)).slice(-61))).toEqual(texts(rows))
  // Delivered and read marks of the other come to both devices.
  await b.client.request('markRead', { chatId: toA, seq: rows.at(-1)?.seq ?? 0 })
  const lastOwn = rows.findLast(row => row.own)?.messageId
  for (const device of [a, second]) {
    await expect
      .poll(async () => (await device.rows(toB)).find(row => row.messageId === lastOwn)?.delivery)
      .toBe('read')
  }
})

test('P31 a first message reaches all devices of both accounts', async () => {
  const [a, b] = await Promise.all([signUp('founder'), signUp('founded')])
  const [a2, b2] = await Promise.all([addDevice(a), addDevice(b)])
  await Promise.all([a2.online(), b2.online()])
  // Until their key packages are out.
  await pause(2_000)
  const toB = await a.chatWith(b)
  await a.say(toB, 'to everybody')
  for (const device of [b, b2]) {
    const request = await device.untilChat(a.handle, chat => chat.last?.text === 'to everybody')
    expect(request.standing).toBe('request')
  }
  const own = await a2.untilChat(b.handle, chat => chat.last?.text === 'to everybody')
  expect(own).toMatchObject({ standing: 'accepted', unread: 0, last: { own: true } })
  const { id: toA } = await b2.untilChat(a.handle, () => true)
  await b2.client.request('answerRequest', { chatId: toA, answer: 'accept' })
  await b2.say(toA, 'from the other one')
  await Promise.all(
    [a, a2, b].map(device =>
      device.untilChat(device === b ? a.handle : b.handle, chat => chat.last?.text === 'from the other one'),
    ),
  )
  // Who answered on one device has accepted on all.
  expect((await b.summary(a.handle))?.standing).toBe('accepted')
})

test('P23 devices that enrol at the same moment all get in, and join', async () => {
  const [a, b] = await Promise.all([signUp('racer'), signUp('watcher')])
  const { toB } = await couple(a, b)
  const others = await Promise.all([addDevice(a), addDevice(a), addDevice(a)])
  expect(await a.client.request('listDevices', {})).toHaveLength(4)
  for (const [index, device] of others.entries()) {
    await device.untilChat(b.handle, () => true)
    await device.say(toB, `racer ${index}`)
    await b.untilChat(a.handle, chat => chat.last?.text === `racer ${index}`)
  }
  await a.untilChat(b.handle, chat => chat.last?.text === 'racer 2')
  expect(texts(await a.rows(toB))).toEqual(['first', 'racer 0', 'racer 1', 'racer 2'])
})

test('P33 a device that enrolled while the others were away is let in silently when they come back', async () => {
  const [a, b] = await Promise.all([signUp('sleeper'), signUp('friend')])
  const { toB, toA } = await couple(a, b)
  await a.untilChat(b.handle, chat => chat.last?.delivery === 'delivered')
  // What a device knows of its chats it tells the account a moment later.
  await sleep(2_000)
  await Promise.all([a.client.close(), b.client.close()])
  const second = await addDevice(a)
  await second.untilChat(b.handle, () => true)
  await second.say(toB, 'while you slept')
  await second.untilChat(b.handle, chat => chat.last?.delivery === 'sent')
  const [a1, b1] = await Promise.all(
    [a, b].map(person =>
      openPerson({ serverUrl: server.url, handle: person.handle, dataDir: person.dataDir, timing: QUICK }),
    ),
  )
  if (a1 === undefined || b1 === undefined) throw new Error('nobody came back')
  people.push(a1, b1)
  await b1.untilChat(a.handle, chat => chat.last?.text === 'while you slept' && chat.warning === null)
  await a1.untilChat(b.handle, chat => chat.last?.text === 'while you slept' && chat.last.own)
  await b1.say(toA, 'good morning')
  await second.untilChat(b.handle, chat => chat.last?.text === 'good morning')
  await a1.say(toB, 'awake')
  await b1.untilChat(a.handle, chat => chat.last?.text === 'awake')
  expect([...unreadable(a1), ...unreadable(b1), ...unreadable(second)]).toEqual([])
})

test('P84 a removed device is told so, gets and opens nothing more, and the others talk on', async () => {
  const [a, b] = await Promise.all([signUp('owner'), signUp('witness')])
  const { toB, toA } = await couple(a, b)
  const lost = await addDevice(a)
  await lost.untilChat(b.handle, () => true)
  await lost.say(toB, 'from the lost one')
  await b.untilChat(a.handle, chat => chat.last?.text === 'from the lost one')
  const devices = await a.client.request('listDevices', {})
  const other = devices.find(device => !device.current)
  if (other === undefined) throw new Error('one device only')
  const { deviceId } = other
  const request = a.client.request
  expect(await codeOf(request('removeDevice', { deviceId, password: 'not the password' }))).toBe(
    'AUTH_CREDENTIALS_WRONG',
  )
  const current = devices.find(device => device.current)?.deviceId ?? deviceId
  expect(await codeOf(request('removeDevice', { deviceId: current, password: PASSWORD }))).toBe(
    'ENGINE_DEVICE_CURRENT',
  )
  await request('removeDevice', { deviceId, password: PASSWORD })
  const state = await until(lost.client, 'session', session => session.phase === 'signed-out')
  expect(state).toMatchObject({ reason: 'device-removed', remembered: { handle: a.handle } })
  expect(await codeOf(lost.say(toB, 'still here'))).toBe('ENGINE_SIGNED_OUT')
  expect(await request('listDevices', {})).toHaveLength(1)
  await b.say(toA, 'are you safe?')
  await a.untilChat(b.handle, chat => chat.last?.text === 'are you safe?')
  await a.say(toB, 'yes')
  await b.untilChat(a.handle, chat => chat.last?.text === 'yes' && chat.warning === null)
  const rows = await b.rows(toA)
  expect(texts(rows)).toEqual(['first', 'from the lost one', 'are you safe?', 'yes'])
  // A Remove took a place in the log before the next message.
  const places = rows.map(row => row.seq ?? 0)
  expect((places[2] ?? 0) - (places[1] ?? 0)).toBeGreaterThan(1)
  expect(await codeOf(request('removeDevice', { deviceId, password: PASSWORD }))).toBe(
    'ENGINE_DEVICE_UNKNOWN',
  )
  // With the password it comes back, as a new device.
  await lost.client.request('signIn', { handle: a.handle, password: PASSWORD })
  await lost.untilChat(b.handle, () => true)
  await lost.say(toB, 'back')
  await b.untilChat(a.handle, chat => chat.last?.text === 'back')
})

test('P33 a device that came and went while somebody was away leaves nothing to warn of', async () => {
  const [a, b] = await Promise.all([signUp('visitor'), signUp('absent')])
  const { toB, toA } = await couple(a, b)
  await b.client.close()
  const guest = await addDevice(a)
  await guest.untilChat(b.handle, () => true)
  await guest.say(toB, 'from a device that goes')
  await a.untilChat(b.handle, chat => chat.last?.text === 'from a device that goes')
  const other = (await a.client.request('listDevices', {})).find(device => !device.current)
  if (other === undefined) throw new Error('one device only')
  await a.client.request('removeDevice', { deviceId: other.deviceId, password: PASSWORD })
  await a.say(toB, 'it is gone')
  await a.untilChat(b.handle, chat => chat.last?.delivery === 'sent')
  const back = await openPerson({
    serverUrl: server.url,
    handle: b.handle,
    dataDir: b.dataDir,
    timing: QUICK,
  })
  people.push(back)
  await back.online()
  await back.untilChat(a.handle, chat => chat.last?.text === 'it is gone' && chat.warning === null)
  await back.say(toA, 'I am back')
  await a.untilChat(b.handle, chat => chat.last?.text === 'I am back')
  await a.say(toB, 'welcome')
  const chat = await back.untilChat(a.handle, present => present.last?.text === 'welcome')
  expect(chat.warning).toBeNull()
  expect(texts(await back.rows(toA))).toEqual(['first', 'pending', 'it is gone', 'I am back', 'welcome'])
})

test('P49 a welcome whose tree names a device that is gone by now is followed', async () => {
  const [a, b] = await Promise.all([signUp('inviter'), signUp('invited')])
  const b2 = await addDevice(b)
  await b2.online()
  await pause(2_000)
  await b.client.close()
  const toB = await a.chatWith(b)
  await a.say(toB, 'to both of yours')
  await b2.untilChat(a.handle, chat => chat.last?.text === 'to both of yours')
  const { deviceId } = await deviceOf(b2)
  const b3 = await addDevice(b)
  await b3.untilChat(a.handle, () => true)
  await b3.client.request('removeDevice', { deviceId, password: PASSWORD })
  await until(b2.client, 'session', state => state.phase === 'signed-out')
  const back = await openPerson({
    serverUrl: server.url,
    handle: b.handle,
    dataDir: b.dataDir,
    timing: QUICK,
  })
  people.push(back)
  const chat = await back.untilChat(a.handle, present => present.last?.text === 'to both of yours')
  expect(chat.warning).toBeNull()
  await back.say(chat.id, 'here I am')
  await a.untilChat(b.handle, present => present.last?.text === 'here I am')
  await b3.untilChat(a.handle, present => present.last?.text === 'here I am')
})
