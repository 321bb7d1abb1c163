import { parseDeviceList } from '@entangle/crypto'
import { type DeviceId, readId } from '@entangle/protocol'
import { afterAll, expect, inject, test } from 'vitest'
import { NetworkError } from '../src/ports/transport.ts'
import {
  createHouseholds,
  type Place,
  poll,
  remove,
  say,
  sessionOf,
  untilKeys,
  untilLast,
  versions,
} from './support/household.ts'
import { newDevice } from './support/mortal.ts'
import { PASSWORD, until } from './support/person.ts'
import { openArchive, readArchiveKeys } from './support/stolen.ts'

const server = inject('server')
const households = createHouseholds(() => server)
const { addDevice, query, start } = households

afterAll(async () => {
  await households.end()
})

const archivedTexts = async (accountId: string, place: Place) =>
  openArchive(server.dataDir, accountId, await readArchiveKeys(place.device, accountId))

test('P29 P38 after a removal the others have the new archive key without a password; the removed one opens nothing new', async () => {
  const home = await households.found(3)
  const { accountId, first, peer, toOwner } = home
  const [second, lost] = home.others
  if (second === undefined || lost === undefined) throw new Error('too few devices')
  await poll(() => archivedTexts(accountId, lost)).toEqual(['hello', 'hello back'])
  await remove(first, lost)
  await until(lost.engine, 'session', state => state.phase === 'signed-out')
  await untilKeys(first, accountId, 2)
  await untilKeys(second, accountId, 2)
  expect(await readArchiveKeys(second.device, accountId)).toEqual(
    await readArchiveKeys(first.device, accountId),
  )
  await poll(() => households.waitingLetters(accountId)).toBe(0)

  // Only the one that was told writes what comes now.
  await first.engine.bury()
  await say(peer.engine, toOwner, 'behind the back of the removed')
  await untilLast(second.engine, 'behind the back of the removed')
  await poll(() => archivedTexts(accountId, second)).toEqual([
    'hello',
    'hello back',
    'behind the back of the removed',
  ])
  expect(await archivedTexts(accountId, lost)).toEqual(['hello', 'hello back'])

  await second.engine.request('writeSetting', { name: 'theme', value: 'dark' })
  await poll(async () =>
    (
      await query(
        `SELECT get_byte(sealed, 0) AS first FROM account_state
           WHERE encode(account_id, 'hex') = '${accountId}' ORDER BY revision DESC LIMIT 1`,
      )
    ).map(row => Number(row['first'])),
  ).toEqual([2])
  // Nobody has the keys in clear: neither of the letters nor anywhere else.
  const fresh = await addDevice(home.handle)
  await untilLast(fresh.engine, 'behind the back of the removed')
  first.engine = await start(first.device)
  await new Promise(resolve => {
    first.engine.on('settings', settings => settings['theme'] === 'dark' && resolve(undefined))
  })
})

test('P29 a letter waits for a device that is away; what it could not open meanwhile it opens then', async () => {
  const home = await households.found(3)
  const { accountId, first, peer, toOwner } = home
  const [second, lost] = home.others
  if (second === undefined || lost === undefined) throw new Error('too few devices')
  await second.engine.bury()
  await remove(first, lost)
  await poll(() => households.waitingLetters(accountId)).toBe(1)
  await say(peer.engine, toOwner, 'while it was away')
  await untilLast(first.engine, 'while it was away')
  await first.engine.request('writeSetting', { name: 'theme', value: 'dark' })
  await new Promise(resolve => setTimeout(resolve, 500))
  second.engine = await start(second.device)
  await untilKeys(second, accountId, 2)
  await poll(() => households.waitingLetters(accountId)).toBe(0)
  await new Promise(resolve => {
    second.engine.on('settings', settings => settings['theme'] === 'dark' && resolve(undefined))
  })
  await untilLast(second.engine, 'while it was away')
})

test('P29 the answer to a removal is lost: the keys are known all the same, here and there', async () => {
  const home = await households.found(2)
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
  await until(engine, 'connection', state => state.phase === 'online')
  const remover: Place = { device, engine, deviceId: (await sessionOf(engine)).deviceId }
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
  const home = await households.found(3)
  const { accountId, first } = home
  const [second, lost] = home.others
  if (second === undefined || lost === undefined) throw new Error('too few devices')
  await second.engine.bury()
  // The letter reaches the removed one instead, and another one the second.
  await remove(first, lost)
  await poll(() => households.waitingLetters(accountId)).toBe(1)
  await query(`UPDATE device_letter SET letter = overlay(letter placing '\\x00'::bytea from 900)
     WHERE encode(account_id, 'hex') = '${accountId}'`)
  second.engine = await start(second.device)
  await poll(() => households.waitingLetters(accountId)).toBe(0)
  expect(second.device.notes.some(note => note.includes('LETTER_REFUSED'))).toBe(true)
  expect(await versions(second, accountId)).toHaveLength(1)
  // The person's password brings what the letter did not.
  await second.engine.request('readRecoveryPhrase', { password: PASSWORD })
  expect(await versions(second, accountId)).toHaveLength(2)
})

test('P23 a device that gave up its place leaves the list with the next one that enrols', async () => {
  const home = await households.found(2)
  const [gone] = home.others
  if (gone === undefined) throw new Error('too few devices')
  const listed = async () => {
    const [row] = await query(
      `SELECT encode(device_list, 'hex') AS list FROM identity WHERE encode(account_id, 'hex') = '${home.accountId}'`,
      'entangle_users',
    )
    const { entries } = parseDeviceList(Uint8Array.from(Buffer.from(String(row?.['list']), 'hex')))
    return entries.map(({ deviceId }) => readId<DeviceId>(deviceId))
  }
  await gone.engine.request('signOut', { erase: true })
  expect(await listed()).toEqual([home.first.deviceId, gone.deviceId])
  const next = await addDevice(home.handle)
  expect(await listed()).toEqual([home.first.deviceId, next.deviceId])
})
