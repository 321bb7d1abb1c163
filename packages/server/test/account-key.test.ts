import { LIMITS } from '@entangle/protocol'
import { expect, test } from 'vitest'
import { refusalOf } from './support/api.ts'
import { Person } from './support/person.ts'
import { useServer } from './support/server.ts'

const server = useServer({ RATE_LIMITS: 'off-for-benchmarks' })
const url = () => server().url
const VAULT = { sealed: new Uint8Array(30).fill(9), wraps: [] }

async function replace(person: Person) {
  const { changeGrant } = await person.api.call('fetchVault', { proof: await person.provePassword() })
  return person.api.call('replaceDevices', { changeGrant, identity: person.identity, vault: VAULT })
}

/** What the person has before a step, to take it back. */
const keep = ({ accountKey, successions, list, listed }: Person) => ({
  accountKey,
  successions,
  list,
  listed,
})

test('P30 another account key comes with a succession of the one before, and is shown with it', async () => {
  const phone = await Person.signUp(url())
  const lost = await phone.enrolAnother()
  const before = keep(phone)
  phone.rekey([phone.device])
  await replace(phone)
  const reader = await Person.signUp(url())
  const { accountId } = phone
  expect(await reader.api.call('readIdentity', { accountId })).toEqual(phone.identity)
  expect(phone.identity.accountKey).not.toEqual(before.accountKey.publicKey)
  const { identities } = await reader.api.call('readIdentities', { accountIds: [accountId] })
  expect(identities).toEqual([{ accountId, identity: phone.identity }])
  expect(await refusalOf(lost.api.call('refreshSession', {}))).toBe('AUTH_DEVICE_UNKNOWN')

  // The key before signs nothing more here, whoever has the password with it.
  const now = keep(phone)
  Object.assign(phone, before)
  phone.relist([phone.device])
  expect(await refusalOf(replace(phone))).toBe('KEYS_LIST_STALE')
  Object.assign(phone, { ...before, list: now.list, successions: [] })
  phone.rekey([phone.device], 1)
  expect(await refusalOf(replace(phone))).toBe('KEYS_IDENTITY_INVALID')
  Object.assign(phone, now)
  const laptop = await phone.enrolAnother()
  expect(laptop.identity.successions).toHaveLength(1)
  for (let count = 2; count < 11; count++) {
    phone.rekey([phone.device, laptop.device], count)
    await replace(phone)
  }
  expect((await reader.api.call('readIdentity', { accountId })).successions).toHaveLength(LIMITS.successions)
})

test('P30 without its succession, under a wrong number, or at an enrolment no new key is taken', async () => {
  const phone = await Person.signUp(url())
  const before = keep(phone)
  const attempts: (() => void)[] = [
    () => {
      phone.rekey([phone.device])
      phone.successions = []
    },
    () => phone.rekey([phone.device], 2),
    () => {
      phone.accountKey = phone.crypto.createAccountKey()
      phone.rekey([phone.device])
    },
    () => {
      const present = phone.accountKey
      phone.rekey([phone.device])
      phone.accountKey = present
    },
  ]
  for (const attempt of attempts) {
    attempt()
    expect(await refusalOf(replace(phone))).toBe('KEYS_IDENTITY_INVALID')
    Object.assign(phone, before)
  }
  const laptop = phone.atNewDevice()
  const enrolmentGrant = await laptop.grantToEnrol()
  laptop.rekey([phone.device, laptop.device])
  const enrolment = { enrolmentGrant, deviceId: laptop.device.deviceId, identity: laptop.identity }
  expect(await refusalOf(laptop.api.call('enrolDevice', enrolment))).toBe('KEYS_IDENTITY_INVALID')
  const newcomer = await Person.create(url())
  newcomer.rekey([newcomer.device])
  expect(await refusalOf(newcomer.register())).toBe('KEYS_IDENTITY_INVALID')
})

test('P31 the directory gives the lists since a version, as far as an answer holds them', async () => {
  const phone = await Person.signUp(url())
  const lists = [phone.list.bytes]
  const { accountId } = phone
  for (let count = 0; count < 4; count++) {
    phone.relist([phone.device])
    lists.push(phone.list.bytes)
    await replace(phone)
  }
  const since = async (version: number) =>
    (await phone.api.call('readIdentity', { accountId, since: version })).history
  expect(await since(0)).toEqual(lists.slice(0, -1))
  expect(await since(1)).toEqual(lists.slice(1, -1))
  expect(await since(4)).toEqual([])
  expect(await since(5)).toEqual([])
  for (let count = 0; count < LIMITS.deviceListHistory; count++) {
    phone.relist([phone.device])
    await replace(phone)
  }
  expect(await since(1)).toBeUndefined()
  expect(await since(5)).toHaveLength(LIMITS.deviceListHistory - 1)
})
