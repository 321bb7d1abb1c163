import { randomBytes } from 'node:crypto'
import { afterAll, expect, inject, test } from 'vitest'
import type { ChatId } from '../src/api/engine-api.ts'
import { type Device, type Mortal, newDevice, startMortal } from './support/mortal.ts'
import { newPerson, PASSWORD, type Person, texts, until } from './support/person.ts'

const server = inject('server')
const people: Person[] = []

afterAll(async () => {
  for (const person of people) await person.leave().catch(() => undefined)
})

const newId = () => randomBytes(16).toString('hex')
const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

/** No key twice: bytes under one counter never differ, and one message id has one ciphertext an epoch. */
function assertKeysUsedOnce({ sent }: Device): void {
  const byCounter = new Map<number, string>()
  const byMessage = new Map<string, string>()
  for (const frame of sent) {
    const body = Buffer.from(frame.body).toString('base64')
    expect(byCounter.get(frame.counter) ?? body).toBe(body)
    byCounter.set(frame.counter, body)
    const message = `${frame.messageId} ${frame.epoch}`
    expect(byMessage.get(message) ?? body).toBe(body)
    byMessage.set(message, body)
  }
}

async function settled(engine: Mortal, chatId: ChatId): Promise<readonly string[]> {
  await engine.request('openTimeline', { chatId, at: 'latest' })
  const read = async () =>
    (await engine.request('extendTimeline', { chatId, direction: 'older', count: 360 })).rows
  await expect.poll(async () => (await read()).every(row => row.seq !== null), { timeout: 15_000 }).toBe(true)
  return texts(await read())
}

/** Asks as a tab does that lost its engine: again and again under the same id. */
async function insist(engine: Mortal, chatId: ChatId, text: string, id: string): Promise<boolean> {
  try {
    await engine.subscriber.handle('sendText', { chatId, text }, id)
    return true
  } catch {
    return false
  }
}

test('P61 P62 mistake 3: killed at every await of an exchange: nothing lost, nothing doubled, no key twice', async () => {
  const bob = await newPerson(server.url, 'bob', { receiptDelay: 20, selfUpdate: { min: 50, max: 100 } })
  people.push(bob)
  const device = newDevice()
  const handle = `killed${Math.floor(Math.random() * 1e9)}`
  const first = await startMortal({ serverUrl: server.url, device })
  await first.request('signUp', { handle, displayName: 'Killed', password: PASSWORD })
  const { accountId } = await first.request('findAccount', { handle: bob.handle })
  const toBob = await first.request('openDirectChat', { accountId })
  const expected = ['hello']
  await first.request('sendText', { chatId: toBob, text: 'hello' })
  const { id: toKilled } = await bob.untilChat(handle, chat => chat.last?.text === 'hello')
  await bob.client.request('answerRequest', { chatId: toKilled, answer: 'accept' })
  await settled(first, toBob)
  await first.bury()

  let operations = 0
  for (let fatal = 0; ; fatal++) {
    const names = [`k${fatal}-1`, `k${fatal}-2`, `b${fatal}`]
    const ids = [newId(), newId()]
    const started = startMortal({ serverUrl: server.url, device, fatal }).catch(() => undefined)
    void bob.say(toKilled, names[2] ?? '')
    const doomed = await started
    if (doomed !== undefined) {
      await insist(doomed, toBob, names[0] ?? '', ids[0] ?? '')
      await insist(doomed, toBob, names[1] ?? '', ids[1] ?? '')
      // Until it is dead, or has done everything there is to do.
      let quiet = 0
      for (let last = -1; !doomed.mortality.isDead() && quiet < 12; last = doomed.mortality.count()) {
        quiet = last === doomed.mortality.count() ? quiet + 1 : 0
        await pause(15)
      }
      operations = doomed.mortality.count()
    }
    const survived = doomed !== undefined && !doomed.mortality.isDead()
    await doomed?.bury()

    const healed = await startMortal({ serverUrl: server.url, device })
    for (const [index, id] of ids.entries())
      expect(await insist(healed, toBob, names[index] ?? '', id)).toBe(true)
    expected.push(...names)
    await until(healed, 'connection', state => state.phase === 'online')
    const wanted = [...expected].sort()
    await expect
      .poll(async () => [...(await settled(healed, toBob))].sort(), { timeout: 20_000 })
      .toEqual(wanted)
    await healed.bury()
    if (survived) break
  }
  const ofBob = texts(await bob.rows(toKilled))
  expect([...ofBob].sort()).toEqual([...expected].sort())
  expect(bob.notes.filter(note => note.includes('UNREADABLE'))).toEqual([])
  assertKeysUsedOnce(device)
  expect(operations).toBeGreaterThan(20)
}, 240_000)

test('P47 P61 killed at every await of a first message: one conversation, the message once', async () => {
  const device = newDevice()
  const handle = `founder${Math.floor(Math.random() * 1e9)}`
  const first = await startMortal({ serverUrl: server.url, device })
  await first.request('signUp', { handle, displayName: 'Founder', password: PASSWORD })
  await first.bury()
  let fatal = 10
  for (let round = 0; round < 14; round++) {
    const peer = await newPerson(server.url, 'peer', { selfUpdate: { min: 20, max: 50 } })
    people.push(peer)
    await peer.online()
    const opener = await startMortal({ serverUrl: server.url, device })
    const { accountId } = await opener.request('findAccount', { handle: peer.handle })
    const chatId = await opener.request('openDirectChat', { accountId })
    await opener.bury()
    const id = newId()
    const doomed = await startMortal({ serverUrl: server.url, device, fatal }).catch(() => undefined)
    if (doomed !== undefined) {
      await insist(doomed, chatId, 'first', id)
      for (let wait = 0; wait < 100 && !doomed.mortality.isDead(); wait++) await pause(10)
      await doomed.bury()
    }
    const healed = await startMortal({ serverUrl: server.url, device })
    expect(await insist(healed, chatId, 'first', id)).toBe(true)
    await peer.untilChat(handle, chat => chat.last?.text === 'first')
    expect(await settled(healed, chatId)).toEqual(['first'])
    await healed.bury()
    expect(texts(await peer.rows((await peer.untilChat(handle, () => true)).id))).toEqual(['first'])
    fatal += 3
  }
  assertKeysUsedOnce(device)
}, 240_000)

test('P50 P61 killed at every third await while it joins: it comes in, and no key is used twice', async () => {
  const bob = await newPerson(server.url, 'bob', { receiptDelay: 20, selfUpdate: { min: 50, max: 100 } })
  const first = await newPerson(server.url, 'first', { selfUpdate: { min: 50, max: 100 } })
  people.push(bob, first)
  const toBob = await first.chatWith(bob)
  await first.say(toBob, 'hello')
  const { id: toFirst } = await bob.untilChat(first.handle, chat => chat.last?.text === 'hello')
  await bob.client.request('answerRequest', { chatId: toFirst, answer: 'accept' })
  let deaths = 0
  for (let fatal = 12; fatal < 90; fatal += 6) {
    const device = newDevice()
    const doomed = await startMortal({ serverUrl: server.url, device, fatal }).catch(() => undefined)
    const signIn = (engine: Mortal) => engine.request('signIn', { handle: first.handle, password: PASSWORD })
    if (doomed !== undefined) await signIn(doomed).catch(() => undefined)
    for (let wait = 0; wait < 40 && doomed?.mortality.isDead() === false; wait++) await pause(25)
    if (doomed?.mortality.isDead()) deaths += 1
    await doomed?.bury()
    const healed = await startMortal({ serverUrl: server.url, device })
    const session = await until(healed, 'session', state => state.phase !== 'starting')
    if (session.phase === 'signed-out') await signIn(healed)
    await until(healed, 'chats', chats => chats.some(chat => chat.id === toBob))
    const text = `joined ${fatal}`
    await healed.request('sendText', { chatId: toBob, text })
    await bob.untilChat(first.handle, chat => chat.last?.text === text && chat.warning === null)
    await bob.say(toFirst, `seen ${fatal}`)
    await until(healed, 'chats', chats => chats.some(chat => chat.last?.text === `seen ${fatal}`))
    assertKeysUsedOnce(device)
    const [own] = await healed.request('listDevices', {})
    await healed.bury()
    // Room for the next one.
    if (own !== undefined) {
      await first.client.request('removeDevice', { deviceId: own.deviceId, password: PASSWORD })
    }
  }
  expect(deaths).toBeGreaterThan(5)
  expect(bob.notes.filter(note => note.includes('UNREADABLE'))).toEqual([])
}, 240_000)
