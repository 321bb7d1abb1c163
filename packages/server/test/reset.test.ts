import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { createRecoveryEntropy, createRecoveryKey } from '@entangle/crypto'
import { openDatabaseView } from '@entangle/testkit/harness'
import { client as opaque } from '@serenity-kit/opaque'
import { expect, test } from 'vitest'
import { createResetCode, RESET_CODE_LIFETIME_MS } from '../src/auth/reset-codes.ts'
import { refusalOf } from './support/api.ts'
import { makePair, Person } from './support/person.ts'
import { startTestServer, useWholeServer } from './support/server.ts'

const server = useWholeServer({ RATE_LIMITS: 'off-for-benchmarks' })
const url = () => server().url
const VAULT = { sealed: new Uint8Array(30).fill(3), wraps: [] }
const recoveryKey = createRecoveryKey(createRecoveryEntropy()).publicKey

const codeFor = (person: Person, nowMs = Date.now()) =>
  createResetCode(server().server.contextForTesting.databases.users, person.handle, nowMs)

const start = (person: Person, code: string, handle = person.handle) => {
  const { registrationRequest } = opaque.startRegistration({ password: 'another password' })
  return person.api.call('startReset', { handle, code, registrationRequest })
}

/** The same person with nothing but the name and a code. */
async function makeReset(person: Person, code: string, password: string) {
  const anew = await Person.create(person.api.url, person.handle)
  Object.assign(anew, { accountId: person.accountId, password })
  anew.device = anew.makeDevice()
  anew.listed = [anew.device]
  anew.startList()
  const { clientRegistrationState, registrationRequest } = opaque.startRegistration({ password })
  const { handle } = person
  const { registrationResponse, account } = await anew.api.call('startReset', {
    handle,
    code,
    registrationRequest,
  })
  expect(account.accountId).toBe(person.accountId)
  const { registrationRecord } = opaque.finishRegistration({
    password,
    registrationResponse,
    clientRegistrationState,
    keyStretching: { 'argon2id-custom': { iterations: 1, memory: 8, parallelism: 1 } },
  })
  const { deviceId } = anew.device
  const identity = anew.identity
  return {
    anew,
    request: { handle, code, deviceId, registrationRecord, identity, vault: VAULT, recoveryKey },
  }
}

test('P28 a code of the operator begins the account anew: nothing of before opens, signs in or waits', async () => {
  const { ann, ben, conversationId } = await makePair(url())
  const laptop = await ann.enrolAnother()
  await laptop.api.call('sendDeviceLetters', {
    letters: [{ deviceId: ann.device.deviceId, letter: new Uint8Array(9) }],
  })
  const entry = { key: new Uint8Array(32), stamp: 1, sealed: new Uint8Array(9) }
  await ann.api.call('writeAccountState', { entries: [entry] })
  const record = { messageId: '0'.repeat(32) as never, seq: 1, keyVersion: 1, sealed: new Uint8Array(9) }
  await ann.api.call('writeArchive', { conversationId, records: [record] })
  const before = await ben.api.call('readIdentity', { accountId: ann.accountId })

  const code = await codeFor(ann)
  const { anew, request } = await makeReset(
    ann,
    ` ${code.toUpperCase().replaceAll('-', ' ')} `,
    'a new password',
  )
  anew.adopt(await anew.api.call('finishReset', request))
  const after = await ben.api.call('readIdentity', { accountId: ann.accountId })
  expect(after).toEqual(anew.identity)
  expect(after.accountKey).not.toEqual(before.accountKey)
  expect(after.successions).toBeUndefined()
  for (const old of [ann, laptop]) {
    expect(await refusalOf(old.api.call('refreshSession', {}))).toBe('AUTH_DEVICE_UNKNOWN')
    expect(await refusalOf(old.api.call('listDevices', {}))).toBe('AUTH_TOKEN_INVALID')
  }
  expect(await refusalOf(ann.logIn())).toBe('AUTH_CREDENTIALS_WRONG')
  const login = await anew.logIn()
  if (login.kind !== 'session') throw new Error('the new device is not listed')
  anew.adopt(login.session)
  expect((await anew.api.call('listDevices', {})).devices).toHaveLength(1)
  expect(await anew.api.call('readAccountState', { after: 0 })).toEqual({
    entries: [],
    revision: 0,
    hasMore: false,
  })
  expect((await anew.api.call('readArchive', { conversationId, before: 9 })).records).toEqual([])
  const view = await openDatabaseView(server().dataDir)
  for (const [database, table] of [
    ['entangle_chat', 'device_letter'],
    ['entangle_users', 'reset_code'],
  ] as const) {
    const left = `SELECT 1 FROM ${table} WHERE encode(account_id, 'hex') = '${ann.accountId}'`
    expect(await view.query(database, left)).toEqual([])
  }
  await view.close()
  // The conversations are still the account's.
  const { conversations } = await anew.api.call('listConversations', {})
  expect(conversations.map(head => [head.conversationId, head.joined])).toEqual([[conversationId, false]])
  // The code was good once.
  expect(await refusalOf(anew.api.call('finishReset', request))).toBe('AUTH_RESET_WRONG')
})

test('P28 a wrong, old, replaced or foreign code is refused like an unknown name', async () => {
  const [person, other] = [await Person.signUp(url()), await Person.signUp(url())]
  const replaced = await codeFor(person)
  const code = await codeFor(person)
  const bent = code.replace(/^./, digit => (digit === '0' ? '1' : '0'))
  const attempts = [
    () => start(person, replaced),
    () => start(person, bent),
    () => start(person, ''.padEnd(32, '0')),
    () => start(person, code, other.handle),
    () => start(person, code, 'nobody.of.this.name'),
  ]
  for (const attempt of attempts) expect(await refusalOf(attempt())).toBe('AUTH_RESET_WRONG')
  expect((await start(person, code)).account.handle).toBe(person.handle)
  await codeFor(person, Date.now() - RESET_CODE_LIFETIME_MS - 1)
  expect(await refusalOf(start(person, code))).toBe('AUTH_RESET_WRONG')
  const rows = await server()
    .server.contextForTesting.databases.users.selectFrom('reset_code')
    .selectAll()
    .execute()
  const stored = JSON.stringify(rows.map(row => Buffer.from(row.hash).toString('hex')))
  expect(stored).not.toContain(code.replaceAll('-', ''))
})

test('P28 an identity that goes on from the old one, or that names another device, begins nothing', async () => {
  const person = await Person.signUp(url())
  const code = await codeFor(person)
  const { anew, request } = await makeReset(person, code, 'a new password')
  const finish = (change: Partial<typeof request>) =>
    refusalOf(anew.api.call('finishReset', { ...request, ...change }))
  expect(await finish({ deviceId: person.device.deviceId })).toBe('KEYS_IDENTITY_INVALID')
  anew.relist([anew.device])
  expect(await finish({ identity: anew.identity })).toBe('KEYS_IDENTITY_INVALID')
  person.rekey([person.device])
  expect(await finish({ identity: person.identity })).toBe('KEYS_IDENTITY_INVALID')
  await anew.api.call('finishReset', request)
})

test('P81 tries at one reset are limited, whatever the address', async () => {
  const limited = await startTestServer()
  try {
    const person = await Person.create(limited.url)
    const outcomes: string[] = []
    for (let count = 0; count < 12; count++) outcomes.push(await refusalOf(start(person, 'no code')))
    expect(outcomes.filter(outcome => outcome === 'AUTH_RESET_WRONG')).toHaveLength(10)
    expect(outcomes.at(-1)).toBe('RATE_LIMITED')
  } finally {
    await limited.stop()
  }
})

test('P28 the operator makes a code beside the running server', async () => {
  const person = await Person.signUp(url())
  const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))
  const run = async (...command: string[]) => {
    const child = spawn(process.execPath, [main, ...command], {
      env: { ...process.env, DATA_DIR: server().dataDir },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const told: string[] = []
    for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => told.push(String(chunk)))
    const exit = await new Promise(resolve => child.once('close', resolve))
    return { exit, told: told.join('') }
  }
  const made = await run('reset-code', `@${person.handle.toUpperCase()}`)
  expect(made.exit).toBe(0)
  const [code] = made.told.match(/([0-9a-f]{4}-){7}[0-9a-f]{4}/) ?? []
  expect((await start(person, code ?? '')).account.accountId).toBe(person.accountId)
  expect(await run('reset-code', 'nobody.of.this.name')).toMatchObject({ exit: 1 })
  expect((await run('reset')).told).toContain('Usage')
})
