import { LIMITS } from '@entangle/protocol'
import { openDatabaseView } from '@entangle/testkit/harness'
import { expect, test } from 'vitest'
import { refusalOf } from './support/api.ts'
import { Person, randomId } from './support/person.ts'
import { useWholeServer } from './support/server.ts'
import { Socket } from './support/socket.ts'

const server = useWholeServer({ RATE_LIMITS: 'off-for-benchmarks' })
const url = () => server().url

const letterOf = (fill: number) => new Uint8Array(2000).fill(fill)
const send = (from: Person, to: Person, fill: number) =>
  from.api.call('sendDeviceLetters', { letters: [{ deviceId: to.device.deviceId, letter: letterOf(fill) }] })
const fillsOf = async (person: Person) =>
  (await person.api.call('listDeviceLetters', {})).letters.map(({ letter }) => letter[0])

test('P29 a letter is told of at once, waits until it is settled, and is for this device alone', async () => {
  const phone = await Person.signUp(url())
  const laptop = await phone.enrolAnother()
  const tablet = await laptop.enrolAnother()
  const socket = await Socket.connect(laptop.api)
  expect(socket.controlOf('ready').letters).toBe(0)
  await send(phone, laptop, 1)
  await socket.until(() => socket.controls.some(({ t }) => t === 'letter'))
  await send(tablet, laptop, 2)
  const { letters } = await laptop.api.call('listDeviceLetters', {})
  expect(letters.map(({ letter }) => letter[0])).toEqual([1, 2])
  for (const other of [phone, tablet, await Person.signUp(url())]) {
    expect(await fillsOf(other)).toEqual([])
    for (const { letterId } of letters) await other.api.call('settleDeviceLetter', { letterId })
  }
  socket.close()
  const again = await Socket.connect(laptop.api)
  expect(again.controlOf('ready').letters).toBe(2)
  again.close()
  await laptop.api.call('settleDeviceLetter', { letterId: letters[0]?.letterId ?? 0 })
  expect(await fillsOf(laptop)).toEqual([2])
})

test('P29 only between devices of one account; not for one that is out, nor for oneself', async () => {
  const phone = await Person.signUp(url())
  const laptop = await phone.enrolAnother()
  const stranger = await Person.signUp(url())
  await send(stranger, phone, 1)
  await send(phone, phone, 1)
  await phone.api.call('sendDeviceLetters', {
    letters: [{ deviceId: randomId(), letter: letterOf(1) }],
  })
  expect(await fillsOf(phone)).toEqual([])
  await send(phone, laptop, 1)
  const { changeGrant } = await phone.api.call('fetchVault', { proof: await phone.provePassword() })
  phone.relist([phone.device])
  const vault = { sealed: new Uint8Array(30).fill(9), wraps: [] }
  await phone.api.call('replaceDevices', { changeGrant, identity: phone.identity, vault })
  await send(phone, laptop, 2)
  const view = await openDatabaseView(server().dataDir)
  const ofLaptop = `SELECT id FROM device_letter WHERE encode(device_id, 'hex') = '${laptop.device.deviceId}'`
  expect(await view.query('entangle_chat', ofLaptop)).toEqual([])
  await view.close()
})

test('P29 of too many the oldest go', async () => {
  const phone = await Person.signUp(url())
  const laptop = await phone.enrolAnother()
  for (let fill = 0; fill < LIMITS.lettersPerDevice + 3; fill++) await send(phone, laptop, fill)
  const fills = await fillsOf(laptop)
  expect(fills).toHaveLength(LIMITS.lettersPerDevice)
  expect(fills[0]).toBe(3)
  const large = { deviceId: laptop.device.deviceId, letter: new Uint8Array(LIMITS.deviceLetterBytes + 1) }
  expect(await refusalOf(phone.api.call('sendDeviceLetters', { letters: [large] }))).toBe('REQUEST_MALFORMED')
})
