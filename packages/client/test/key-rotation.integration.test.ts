import { openDatabaseView, type ServerProcess, startServer } from '@entangle/testkit/harness'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { NetworkError, type Transport } from '../src/ports/transport.ts'
import { type Device, type Mortal, newDevice, startMortal } from './support/mortal.ts'
import { newPerson, PASSWORD, type Person, until } from './support/person.ts'
import { openArchive, readArchiveKeys } from './support/stolen.ts'

let server: ServerProcess
const people: Person[] = []
const engines: Mortal[] = []

beforeAll(async () => {
  server = await startServer({ env: { RATE_LIMITS: 'off-for-benchmarks' } })
})
afterAll(async () => {
  for (const engine of engines) await engine.bury()
  for (const person of people) await person.leave().catch(() => undefined)
  await server.dispose()
})

const QUICK = { archiveDelay: 50, stateDelay: 50, headCheck: { min: 200, max: 400 } }

type Place = { readonly device: Device; engine: Mortal; deviceId: string }

async function start(device: Device, wrap?: (transport: Transport) => Transport): Promise<Mortal> {
  const engine = await startMortal({
    serverUrl: server.url,
    device,
    timing: QUICK,
    ...(wrap === undefined ? {} : { wrap }),
  })
  engines.push(engine)
  return engine
}

const sessionOf = async (engine: Mortal) => {
  const session = await until(engine, 'session', state => state.phase === 'signed-in')
  if (session.phase !== 'signed-in') throw new Error('nobody is signed in')
  return session
}

/** An account on several devices, in talk with one other. */
async function household(count: number) {
  const handle = `owner${Math.floor(Math.random() * 1e9)}`
  const places: Place[] = []
  for (let place = 0; place < count; place++) {
    const device = newDevice()
    const engine = await start(device)
    if (place === 0) await engine.request('signUp', { handle, displayName: 'Owner', password: PASSWORD })
    else await engine.request('signIn', { handle, password: PASSWORD })
    const { deviceId } = await sessionOf(engine)
    await until(engine, 'connection', state => state.phase === 'online')
    places.push({ device, engine, deviceId })
  }
  const [first, ...others] = places
  if (first === undefined) throw new Error('no device')
  const { account } = await sessionOf(first.engine)
  const peer = await newPerson(server.url, 'peer', { receiptDelay: 30, selfUpdate: { min: 20, max: 60 } })
  people.push(peer)
  await peer.online()
  const { accountId } = await first.engine.request('findAccount', { handle: peer.handle })
  const toPeer = await first.engine.request('openDirectChat', { accountId })
  await first.engine.request('sendText', { chatId: toPeer, text: 'hello' })
  const { id } = await peer.untilChat(handle, chat => chat.last?.text === 'hello')
  await peer.say(id, 'hello back')
  for (const { engine } of places) await untilLast(engine, 'hello back')
  return { handle, accountId: account.accountId, first, others, peer, toPeer, toOwner: id }
}

const untilLast = (engine: Mortal, text: string) =>
  until(engine, 'chats', chats => chats.some(chat => chat.last?.text === text))

const remove = (from: Place, place: Place) =>
  from.engine.request('removeDevice', { deviceId: place.deviceId as never, password: PASSWORD })

async function query(text: string) {
  const view = await openDatabaseView(server.dataDir)
  try {
    return await view.query('entangle_chat', text)
  } finally {
    await view.close()
  }
}

const waitingLetters = async () =>
  Number((await query('SELECT count(*)::int AS n FROM device_letter'))[0]?.['n'])

const versions = async ({ device }: Place, accountId: string) =>
  (await readArchiveKeys(device, accountId)).map(({ version }) => version)

const untilKeys = (place: Place, accountId: string, count: number) =>
  expect.poll(() => versions(place, accountId), { timeout: 15_000 }).toHaveLength(count)

const archivedTexts = async (accountId: string, place: Place) =>
  openArchive(server.dataDir, accountId, await readArchiveKeys(place.device, accountId))

test('P29 P38 after a removal the others have the new archive key without a password; the removed one opens nothing new', async () => {
  const home = await household(3)
  const { accountId, first, peer, toOwner } = home
  const [second, lost] = home.others
  if (second === undefined || lost === undefined) throw new Error('too few devices')
  await expect.poll(() => archivedTexts(accountId, lost)).toEqual(['hello', 'hello back'])
  await remove(first, lost)
  await until(lost.engine, 'session', state => state.phase === 'signed-out')
  await untilKeys(first, accountId, 2)
  await untilKeys(second, accountId, 2)
  expect(await readArchiveKeys(second.device, accountId)).toEqual(
    await readArchiveKeys(first.device, accountId),
  )
  await expect.poll(waitingLetters).toBe(0)

  // Only the one that was told writes what comes now.
  await first.engine.bury()
  await peer.say(toOwner, 'behind the back of the removed')
  await untilLast(second.engine, 'behind the back of the removed')
  await expect
    .poll(() => archivedTexts(accountId, second))
    .toEqual(['hello', 'hello back', 'behind the back of the removed'])
  expect(await archivedTexts(accountId, lost)).toEqual(['hello', 'hello back'])

  await second.engine.request('writeSetting', { name: 'theme', value: 'dark' })
  await expect
    .poll(async () =>
      (
        await query(
          `SELECT get_byte(sealed, 0) AS first FROM account_state
           WHERE encode(account_id, 'hex') = '${accountId}' ORDER BY revision DESC LIMIT 1`,
        )
      ).map(row => Number(row['first'])),
    )
    .toEqual([2])
  // Nobody has the keys in clear: neither of the letters nor anywhere else.
  const fresh = await start(newDevice())
  await fresh.request('signIn', { handle: home.handle, password: PASSWORD })
  await untilLast(fresh, 'behind the back of the removed')
  first.engine = await start(first.device)
  await new Promise(resolve => {
    first.engine.on('settings', settings => settings['theme'] === 'dark' && resolve(undefined))
  })
})

test('P29 a letter waits for a device that is away; what it could not open meanwhile it opens then', async () => {
  const home = await household(3)
  const { accountId, first, peer, toOwner } = home
  const [second, lost] = home.others
  if (second === undefined || lost === undefined) throw new Error('too few devices')
  await second.engine.bury()
  await remove(first, lost)
  await expect.poll(waitingLetters).toBe(1)
  await peer.say(toOwner, 'while it was away')
  await untilLast(first.engine, 'while it was away')
  await first.engine.request('writeSetting', { name: 'theme', value: 'dark' })
  await new Promise(resolve => setTimeout(resolve, 500))
  second.engine = await start(second.device)
  await untilKeys(second, accountId, 2)
  await expect.poll(waitingLetters).toBe(0)
  await new Promise(resolve => {
    second.engine.on('settings', settings => settings['theme'] === 'dark' && resolve(undefined))
  })
  await untilLast(second.engine, 'while it was away')
})

test('P29 the answer to a removal is lost: the keys are known all the same, here and there', async () => {
  const home = await household(2)
  const { accountId, first } = home
  const device = newDevice()
  const engine = await start(device, transport => ({
    ...transport,
    exchange: async request => {
      const answer = await transport.exchange(request)
      if (request.target.endsWith('/devices/replace')) throw new NetworkError('the answer is lost')
      return answer
    },
  }))
  await engine.request('signIn', { handle: home.handle, password: PASSWORD })
  const { deviceId } = await sessionOf(engine)
  await until(engine, 'connection', state => state.phase === 'online')
  const remover: Place = { device, engine, deviceId }
  const [lost] = home.others
  if (lost === undefined) throw new Error('too few devices')
  await expect(remove(remover, lost)).rejects.toThrow()
  expect(await versions(remover, accountId)).toHaveLength(1)
  await engine.bury()
  remover.engine = await start(device)
  await untilKeys(remover, accountId, 2)
  await untilKeys(first, accountId, 2)
  expect(await readArchiveKeys(first.device, accountId)).toEqual(await readArchiveKeys(device, accountId))
  await expect(remove(remover, lost)).rejects.toThrow('does not belong to the account')
})

test('P29 a letter of a device that was removed, or with other keys than the account key has signed, is not followed', async () => {
  const home = await household(3)
  const { accountId, first } = home
  const [second, lost] = home.others
  if (second === undefined || lost === undefined) throw new Error('too few devices')
  await second.engine.bury()
  // The letter reaches the removed one instead, and another one the second.
  await remove(first, lost)
  await expect.poll(waitingLetters).toBe(1)
  await query(`UPDATE device_letter SET letter = overlay(letter placing '\\x00'::bytea from 900)`)
  second.engine = await start(second.device)
  await expect.poll(waitingLetters).toBe(0)
  expect(second.device.notes.some(note => note.includes('LETTER_REFUSED'))).toBe(true)
  expect(await versions(second, accountId)).toHaveLength(1)
  // The person's password brings what the letter did not.
  await second.engine.request('readRecoveryPhrase', { password: PASSWORD })
  expect(await versions(second, accountId)).toHaveLength(2)
})
