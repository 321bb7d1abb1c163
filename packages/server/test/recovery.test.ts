import { createRecoveryEntropy, createRecoveryKey } from '@entangle/crypto'
import { LIMITS } from '@entangle/protocol'
import { expect, test } from 'vitest'
import { refusalOf } from './support/api.ts'
import { Person } from './support/person.ts'
import { startTestServer, useServer } from './support/server.ts'

const server = useServer({ RATE_LIMITS: 'off-for-benchmarks' })
const url = () => server().url
const VAULT = {
  sealed: new Uint8Array(30).fill(4),
  wraps: [{ kind: 'phrase' as const, wrapped: new Uint8Array(8) }],
}

type Key = ReturnType<typeof createRecoveryKey>

async function signUp(): Promise<{ person: Person; key: Key }> {
  const person = await Person.create(url())
  const key = createRecoveryKey(createRecoveryEntropy())
  const registration = await person.makeRegistration()
  person.adopt(await person.api.call('finishRegistration', { ...registration, recoveryKey: key.publicKey }))
  return { person, key }
}

async function recover(person: Person, key: Key, label = 'entangle recovery') {
  const { recoveryId } = await person.api.call('startRecovery', { handle: person.handle })
  const signature = key.sign(label, new TextEncoder().encode(recoveryId))
  return person.api.call('finishRecovery', { recoveryId, signature })
}

test('P27 the phrase brings back vault and identity, enrols a device and sets a new password', async () => {
  const { person, key } = await signUp()
  const elsewhere = person.atNewDevice()
  const recovered = await recover(elsewhere, key)
  expect(recovered.identity).toEqual(person.identity)
  expect(recovered.account.accountId).toBe(person.accountId)
  expect(recovered.vault.sealed.length).toBeGreaterThan(0)
  elsewhere.adopt(await elsewhere.api.call('enrolDevice', elsewhere.makeEnrolment(recovered.enrolmentGrant)))
  const registrationRecord = await elsewhere.registrationOfNewPassword('a new password')
  const nextKey = createRecoveryKey(createRecoveryEntropy())
  const { changeGrant } = recovered
  const request = { changeGrant, registrationRecord, vault: VAULT, recoveryKey: nextKey.publicKey }
  const other = await Person.signUp(url())
  expect(await refusalOf(other.api.call('finishPasswordChange', request))).toBe('AUTH_LOGIN_EXPIRED')
  await elsewhere.api.call('finishPasswordChange', request)

  expect(await refusalOf(elsewhere.logIn())).toBe('AUTH_CREDENTIALS_WRONG')
  // The device that was lost is signed out, and the old phrase is worth nothing.
  expect(await refusalOf(person.api.call('refreshSession', {}))).toBe('AUTH_TOKEN_INVALID')
  expect(await refusalOf(recover(elsewhere, key))).toBe('AUTH_RECOVERY_WRONG')
  expect((await recover(elsewhere, nextKey)).vault).toEqual(VAULT)
})

test('P27 a wrong phrase, an unknown handle and an account without a phrase are refused alike', async () => {
  const { person, key } = await signUp()
  const wrong = createRecoveryKey(createRecoveryEntropy())
  const [nobody, plain] = [await Person.create(url()), await Person.signUp(url())]
  for (const attempt of [
    () => recover(person, wrong),
    () => recover(nobody, key),
    () => recover(plain, key),
    () => recover(person, key, 'entangle login'),
  ]) {
    expect(await refusalOf(attempt())).toBe('AUTH_RECOVERY_WRONG')
  }
  const started = await Promise.all(
    [person, nobody].map(each => each.api.call('startRecovery', { handle: each.handle })),
  )
  expect(new Set(started.map(({ recoveryId }) => recoveryId.length)).size).toBe(1)

  // A challenge is good once, and a signature for its own challenge only.
  const [{ recoveryId } = { recoveryId: '' }] = started
  const signature = key.sign('entangle recovery', new TextEncoder().encode(recoveryId))
  const second = await person.api.call('startRecovery', { handle: person.handle })
  const replay = { recoveryId: second.recoveryId, signature }
  expect(await refusalOf(person.api.call('finishRecovery', replay))).toBe('AUTH_RECOVERY_WRONG')
  await person.api.call('finishRecovery', { recoveryId, signature })
  expect(await refusalOf(person.api.call('finishRecovery', { recoveryId, signature }))).toBe(
    'AUTH_LOGIN_EXPIRED',
  )
  await person.api.call('deleteAccount', { proof: await person.provePassword() })
  expect(await refusalOf(recover(person, key))).toBe('AUTH_RECOVERY_WRONG')
})

test('P27 who has lost as many devices as an account may have comes in again and leaves them out', async () => {
  const { person, key } = await signUp()
  let newest = person
  for (let count = 1; count < LIMITS.devicesPerAccount; count++) newest = await newest.enrolAnother()
  const elsewhere = newest.atNewDevice()
  expect(await refusalOf(elsewhere.logIn())).toBe('AUTH_DEVICE_LIMIT')
  const { enrolmentGrant } = await recover(elsewhere, key)
  const { list, listed } = elsewhere
  expect(await refusalOf(elsewhere.api.call('enrolDevice', elsewhere.makeEnrolment(enrolmentGrant)))).toBe(
    'AUTH_DEVICE_LIMIT',
  )
  elsewhere.list = list
  elsewhere.listed = listed.slice(0, 2)
  elsewhere.adopt(await elsewhere.api.call('enrolDevice', elsewhere.makeEnrolment(enrolmentGrant)))
  expect((await elsewhere.api.call('listDevices', {})).devices).toHaveLength(3)
  expect(await refusalOf(newest.api.call('listConversations', {}))).toBe('AUTH_TOKEN_INVALID')
  expect(await refusalOf(newest.api.call('refreshSession', {}))).toBe('AUTH_DEVICE_UNKNOWN')
})

test('P81 tries at one recovery are limited, whatever the address', async () => {
  const limited = await startTestServer()
  try {
    const person = await Person.create(limited.url)
    const outcomes: string[] = []
    for (let count = 0; count < 12; count++) {
      const started = person.api.call('startRecovery', { handle: person.handle })
      outcomes.push(
        await started.then(
          () => 'started',
          () => refusalOf(started),
        ),
      )
    }
    expect(outcomes.filter(outcome => outcome === 'started')).toHaveLength(10)
    expect(outcomes.at(-1)).toBe('RATE_LIMITED')
  } finally {
    await limited.stop()
  }
})
