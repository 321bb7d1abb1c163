import { join } from 'node:path'
import { createSealer } from '@entangle/crypto'
import {
  createNeedles,
  findNeedles,
  openDatabaseView,
  type ServerProcess,
  searchFolder,
  startServer,
} from '@entangle/testkit/harness'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createFileKeyVault } from '../src/adapters/node/file-key-vault.ts'
import { openSqliteKeyValueStore } from '../src/adapters/node/sqlite-key-value-store.ts'
import type { ChatId, EngineEvents, TimelineRow } from '../src/api/engine-api.ts'
import { newPerson, openPerson, PASSWORD, type Person, texts, until } from './support/person.ts'

let server: ServerProcess
const people: Person[] = []

beforeAll(async () => {
  server = await startServer({ env: { RATE_LIMITS: 'off-for-benchmarks' } })
})
afterAll(async () => {
  for (const person of people) await person.leave().catch(() => undefined)
  await server.dispose()
})

const QUICK = {
  receiptDelay: 30,
  selfUpdate: { min: 20, max: 100 },
  headCheck: { min: 300, max: 500 },
  archiveDelay: 50,
  stateDelay: 50,
  sendRate: { burst: 10_000, perSecond: 10_000 },
}

async function signUp(name: string): Promise<Person> {
  const person = await newPerson(server.url, name, QUICK)
  people.push(person)
  await person.online()
  return person
}

async function emptyDevice(person: Person): Promise<Person> {
  const device = await openPerson({ serverUrl: server.url, handle: person.handle, timing: QUICK })
  people.push(device)
  return device
}

async function addDevice(person: Person): Promise<Person> {
  const device = await emptyDevice(person)
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

const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'passed',
    error => error.code,
  )

/** Scrolls up as a person does, until there is nothing older. */
async function allRows(person: Person, chatId: ChatId): Promise<readonly TimelineRow[]> {
  const rows = new Map<number, TimelineRow>()
  let window = await person.client.request('openTimeline', { chatId, at: 'latest' })
  for (let turn = 0; turn < 200; turn++) {
    for (const row of window.rows) if (row.seq !== null) rows.set(row.seq, row)
    if (!window.hasOlder) break
    window = await person.client.request('extendTimeline', { chatId, direction: 'older', count: 120 })
  }
  expect(window.hasOlder).toBe(false)
  return [...rows.values()].sort((one, other) => (one.seq ?? 0) - (other.seq ?? 0))
}

async function query(text: string) {
  const view = await openDatabaseView(server.dataDir)
  try {
    return await view.query('entangle_chat', text)
  } finally {
    await view.close()
  }
}

/** Records of the conversation that has most. */
const archived = async () => {
  const [row] = await query(
    `SELECT coalesce(max(n), 0)::int AS n FROM (SELECT count(*) AS n FROM archive_record GROUP BY account_id, conversation_id) c`,
  )
  return Number(row?.['n'])
}

test('P39 two devices in step: read marks, drafts, blocking, acceptance, settings, names', async () => {
  const a = await signUp('step')
  const b = await signUp('peer')
  const { toB, toA } = await couple(a, b)
  const second = await addDevice(a)
  await second.untilChat(b.handle, chat => chat.standing === 'accepted')

  await b.say(toA, 'one')
  await b.say(toA, 'two')
  await a.untilChat(b.handle, chat => chat.unread === 2)
  await second.untilChat(b.handle, chat => chat.unread === 2)
  const newest = (await a.rows(toB)).at(-1)?.seq ?? 0
  await a.client.request('markRead', { chatId: toB, seq: newest })
  const readAt = Date.now()
  await second.untilChat(b.handle, chat => chat.unread === 0)
  expect(Date.now() - readAt).toBeLessThan(2_000)

  await a.client.request('setDraft', { chatId: toB, text: 'half a thought' })
  await second.untilChat(b.handle, chat => chat.draft === 'half a thought')
  // Somebody is writing here: what is written there does not replace it.
  await second.client.request('setDraft', { chatId: toB, text: 'my own words' })
  await a.client.request('setDraft', { chatId: toB, text: 'half a thought more' })
  await new Promise(resolve => setTimeout(resolve, 600))
  expect((await second.summary(b.handle))?.draft).toBe('my own words')

  const accountId = (await b.accountId()) as never
  await second.client.request('setBlocked', { accountId, blocked: true })
  await a.untilChat(b.handle, chat => chat.standing === 'blocked')
  await a.client.request('setBlocked', { accountId, blocked: false })
  await second.untilChat(b.handle, chat => chat.standing === 'accepted')

  await a.client.request('writeSetting', { name: 'theme', value: 'dark' })
  const settings = await new Promise<EngineEvents['settings']>(resolve => {
    second.client.on('settings', value => {
      if (value['theme'] === 'dark') resolve(value)
    })
  })
  expect(settings).toEqual({ theme: 'dark' })
  expect(await codeOf(a.client.request('writeSetting', { name: 'Not A Name', value: 1 }))).toBe(
    'ENGINE_SETTING_INVALID',
  )

  const [own] = await a.client.request('listDevices', {})
  if (own === undefined) throw new Error('no device')
  await a.client.request('renameDevice', { deviceId: own.deviceId, name: 'Kitchen' })
  await expect
    .poll(async () => (await second.client.request('listDevices', {})).map(device => device.name))
    .toContain('Kitchen')

  const c = await signUp('stranger')
  const toOwn = await c.chatWith(a)
  await c.say(toOwn, 'may I')
  await a.untilChat(c.handle, chat => chat.standing === 'request')
  await second.untilChat(c.handle, chat => chat.standing === 'request')
  const request = await second.summary(c.handle)
  if (request === undefined) throw new Error('no request')
  await second.client.request('answerRequest', { chatId: request.id, answer: 'accept' })
  await a.untilChat(c.handle, chat => chat.standing === 'accepted')

  // What was written offline arrives, and the later word holds on both.
  await second.client.close()
  await a.client.request('setDraft', { chatId: toB, text: 'while you slept' })
  const back = await openPerson({
    serverUrl: server.url,
    handle: a.handle,
    dataDir: second.dataDir,
    timing: QUICK,
  })
  people.push(back)
  await back.untilChat(b.handle, chat => chat.draft === 'while you slept')
})

test('P39 a request nobody has answered is one on a new device too, a refused one stays away', async () => {
  const a = await signUp('asked')
  const b = await signUp('asker')
  const c = await signUp('refused')
  await b.say(await b.chatWith(a), 'hello?')
  await c.say(await c.chatWith(a), 'buy now')
  await a.untilChat(b.handle, chat => chat.standing === 'request')
  const unwanted = await a.untilChat(c.handle, chat => chat.standing === 'request')
  await a.client.request('answerRequest', { chatId: unwanted.id, answer: 'refuse' })
  await new Promise(resolve => setTimeout(resolve, 500))
  const second = await addDevice(a)
  await second.untilChat(b.handle, chat => chat.standing === 'request' && chat.last?.text === 'hello?')
  await expect.poll(async () => await second.summary(c.handle)).toBeUndefined()
  expect((await b.summary(a.handle))?.last?.delivery).toBe('sent')
})

test('P38 a new device shows 1,000 archived messages newest first, once and in order, with live ones', async () => {
  const a = await signUp('old')
  const b = await signUp('friend')
  const { toB, toA } = await couple(a, b, 'm0')
  const said = ['m0']
  for (let batch = 0; batch < 10; batch++) {
    const ofA = Array.from({ length: 50 }, (_, index) => `a${batch}-${index}`)
    const ofB = Array.from({ length: 50 }, (_, index) => `b${batch}-${index}`)
    for (const text of ofA) await a.say(toB, text)
    for (const text of ofB) await b.say(toA, text)
    said.push(...ofA, ...ofB)
  }
  await expect.poll(archived, { timeout: 60_000, interval: 300 }).toBe(said.length)
  const expected = await allRows(a, toB)
  expect(texts(expected)).toHaveLength(1_001)

  const second = await addDevice(a)
  const shown = await second.untilChat(b.handle, chat => chat.last !== null)
  await b.say(toA, 'live 1')
  await second.untilChat(b.handle, chat => chat.last?.text === 'live 1')
  const first = await second.client.request('openTimeline', { chatId: shown.id, at: 'latest' })
  expect(texts(first.rows).at(-1)).toBe('live 1')
  await second.say(shown.id, 'live 2')
  await a.untilChat(b.handle, chat => chat.last?.text === 'live 2')
  const newest = async () => texts(await allRows(second, shown.id)).at(-1)
  await expect.poll(newest, { timeout: 10_000 }).toBe('live 2')
  const rows = await allRows(second, shown.id)
  expect(texts(rows).slice(0, -2)).toEqual(texts(expected))
  expect(texts(rows).slice(-2)).toEqual(['live 1', 'live 2'])
  expect(rows.slice(0, -2).map(({ messageId, own, time }) => ({ messageId, own, time }))).toEqual(
    expected.map(({ messageId, own, time }) => ({ messageId, own, time })),
  )
  // Read there is read here.
  expect((await second.summary(b.handle))?.unread).toBe((await a.summary(b.handle))?.unread)
  expect(second.notes.filter(note => /ARCHIVE|STATE|UNREADABLE/.test(note))).toEqual([])

  // After a restart it is all in the local store.
  const again = await second.restart('http://127.0.0.1:9')
  people.push(again)
  expect(texts(await allRows(again, shown.id))).toEqual(texts(rows))
}, 180_000)

test('P38 what only another device has read comes late, and takes its place', async () => {
  const a = await signUp('late')
  const b = await signUp('talker')
  const { toB, toA } = await couple(a, b)
  await b.say(toA, 'seen by the first device')
  await a.untilChat(b.handle, chat => chat.last?.text === 'seen by the first device')
  await new Promise(resolve => setTimeout(resolve, 400))
  await a.client.close()
  await b.say(toA, 'sent while it was away')
  const second = await addDevice(a)
  await second.untilChat(b.handle, chat => chat.last !== null)
  await b.say(toA, 'after')
  await second.untilChat(b.handle, chat => chat.last?.text === 'after')
  const first = await openPerson({
    serverUrl: server.url,
    handle: a.handle,
    dataDir: a.dataDir,
    timing: QUICK,
  })
  people.push(first)
  await first.untilChat(b.handle, chat => chat.last?.text === 'after')
  const expected = ['first', 'seen by the first device', 'sent while it was away', 'after']
  await expect
    .poll(async () => texts(await allRows(second, toB)), { timeout: 30_000, interval: 500 })
    .toEqual(expected)
}, 60_000)

test('P27 every device lost: the phrase brings everything back, nothing else does', async () => {
  const a = await signUp('loser')
  const b = await signUp('finder')
  const { toA } = await couple(a, b, 'remember this')
  await b.say(toA, 'and this')
  await a.untilChat(b.handle, chat => chat.last?.text === 'and this')
  expect(await codeOf(a.client.request('readRecoveryPhrase', { password: 'not the password' }))).toBe(
    'AUTH_CREDENTIALS_WRONG',
  )
  const { words } = await a.client.request('readRecoveryPhrase', { password: PASSWORD })
  expect(words).toHaveLength(12)
  await until(a.client, 'session', state => state.phase === 'signed-in' && !state.recoverySaved)
  await a.client.request('confirmRecoveryPhrase', {})
  await until(a.client, 'session', state => state.phase === 'signed-in' && state.recoverySaved)
  // The phrase survives a change of the password.
  const changed = 'another very long phrase'
  await a.client.request('changePassword', { current: PASSWORD, next: changed })
  expect((await a.client.request('readRecoveryPhrase', { password: changed })).words).toEqual(words)
  await new Promise(resolve => setTimeout(resolve, 600))
  await a.client.close()

  const fresh = await emptyDevice(a)
  const other = await signUp('another')
  const wrong = (await other.client.request('readRecoveryPhrase', { password: PASSWORD })).words.join(' ')
  const newPassword = 'the password after the fire'
  const recover = (phrase: string, handle = a.handle) =>
    codeOf(fresh.client.request('recoverAccount', { handle, phrase, newPassword }))
  expect(await recover('twelve words that are no phrase')).toBe('ENGINE_PHRASE_INVALID')
  expect(await recover(wrong)).toBe('AUTH_RECOVERY_WRONG')
  expect(await recover(words.join(' '), 'nobodyhere')).toBe('AUTH_RECOVERY_WRONG')
  expect(await recover(` ${words.join('  ').toUpperCase()} `)).toBe('passed')

  const chat = await fresh.untilChat(b.handle, present => present.last?.text === 'and this')
  expect(texts(await allRows(fresh, chat.id))).toEqual(['remember this', 'and this'])
  expect(chat.standing).toBe('accepted')
  await until(fresh.client, 'session', state => state.phase === 'signed-in' && state.recoverySaved)
  await fresh.say(chat.id, 'I am back')
  const back = await b.untilChat(a.handle, present => present.last?.text === 'I am back')
  await b.say(back.id, 'welcome back')
  await fresh.untilChat(b.handle, present => present.last?.text === 'welcome back')
  expect((await fresh.client.request('readRecoveryPhrase', { password: newPassword })).words).toEqual(words)
  expect(await fresh.client.request('listDevices', {})).toHaveLength(1)

  const later = await emptyDevice(a)
  const signIn = (password: string) => codeOf(later.client.request('signIn', { handle: a.handle, password }))
  expect(await signIn(changed)).toBe('AUTH_CREDENTIALS_WRONG')
  expect(await signIn(newPassword)).toBe('passed')
  await later.untilChat(b.handle, present => present.last?.text === 'welcome back')
}, 60_000)

/** Every secret of 32 bytes in the device's MLS state (signature key, key packages, HPKE keys), unsealed. */
async function privateKeysOf(person: Person): Promise<Record<string, Uint8Array>> {
  const key = await createFileKeyVault(join(person.dataDir, 'store.key')).storeKey()
  const sealer = createSealer(key)
  const store = openSqliteKeyValueStore(join(person.dataDir, 'store.sqlite'))
  const keys: Record<string, Uint8Array> = {}
  const entries = await store.scan({ from: 'a/', to: 'b' })
  const publicKeys = entries.map(entry => entry.key).join()
  for (const { key: name, value } of entries) {
    if (!/\/mls\/[sek]\//.test(name)) continue
    const plain = sealer.open(value, new TextEncoder().encode(name))
    // MessagePack's byte string of 32 bytes; public keys are in the entry's name or in a key package.
    for (let at = 0; at + 34 <= plain.length; at++) {
      const bytes = plain.subarray(at + 2, at + 34)
      const isSecret = plain[at] === 0xc4 && plain[at + 1] === 32
      if (isSecret && !publicKeys.includes(Buffer.from(bytes).toString('hex'))) keys[`${name}@${at}`] = bytes
    }
  }
  await store.close()
  // All key packages are laid out alike: a place that only one of them has is chance inside a public key.
  const places = Object.keys(keys).map(name => name.slice(name.lastIndexOf('@')))
  const isAlike = (name: string) =>
    !name.includes('/mls/k/') || places.filter(place => name.endsWith(place)).length > 10
  return Object.fromEntries(Object.entries(keys).filter(([name]) => isAlike(name)))
}

test('P83 neither text nor names nor private keys are in the databases, their log or our log', async () => {
  const a = await signUp('canary')
  const b = await signUp('cage')
  const { toB, toA } = await couple(a, b, 'canary-first-4711')
  const secrets = {
    text: 'canary-text-8c1f',
    foreign: 'canary-foreign-77aa',
    draft: 'canary-draft-0b1e',
    setting: 'canary-setting-5d2c',
    device: 'canary device 9e',
  }
  await a.say(toB, secrets.text)
  await b.say(toA, secrets.foreign)
  await a.untilChat(b.handle, chat => chat.last?.text === secrets.foreign)
  await a.client.request('setDraft', { chatId: toB, text: secrets.draft })
  await a.client.request('writeSetting', { name: 'canary', value: secrets.setting })
  const [own] = await a.client.request('listDevices', {})
  if (own !== undefined) {
    await a.client.request('renameDevice', { deviceId: own.deviceId, name: secrets.device })
  }
  const { words } = await a.client.request('readRecoveryPhrase', { password: PASSWORD })
  await new Promise(resolve => setTimeout(resolve, 1_000))
  const view = await openDatabaseView(server.dataDir)
  const rows = await view.dump()
  await view.close()
  expect(rows.filter(row => row.includes('archive_record')).length).toBeGreaterThan(2)
  expect(rows.filter(row => row.includes('account_state')).length).toBeGreaterThan(2)
  await expect
    .poll(async () => Object.keys(await privateKeysOf(a)).length, { timeout: 15_000 })
    .toBeGreaterThan(20)
  const keys = await privateKeysOf(a)
  // Bytes are dumped as hexadecimal digits: both forms are looked for.
  const needles = createNeedles({ ...secrets, ...keys, name: 'setting/canary', phrase: words.join(' ') })
  await a.leave()
  await server.stop()
  expect(await searchFolder(server.dataDir, needles)).toEqual([])
  expect(findNeedles(Buffer.from(rows.join('\n')), needles)).toEqual([])
})
