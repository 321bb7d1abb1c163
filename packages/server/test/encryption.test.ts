import { spawn } from 'node:child_process'
import { createPublicKey, createSecretKey, publicEncrypt, randomBytes } from 'node:crypto'
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createNeedles, findNeedles, openDatabaseView, searchFolder } from '@entangle/testkit/harness'
import { createLocalJWKSet, jwtVerify } from 'jose'
import { expect, test } from 'vitest'
import { openFileKeyWrapper } from '../src/adapters/file-key-wrapper.ts'
import { runCommand } from '../src/commands.ts'
import { parseConfig } from '../src/index.ts'
import { createDataKeys } from '../src/keys/data-keys.ts'
import { openEncryption } from '../src/keys/encryption.ts'
import { createEnvelope } from '../src/keys/envelope.ts'
import { sealUnderKey } from '../src/keys/one-key-seal.ts'
import { openSigningKeys } from '../src/keys/signing-keys.ts'
import { openOne, sealOne } from '../src/ports/envelope.ts'
import { createFileSecretStore } from '../src/secrets.ts'
import { Person } from './support/person.ts'
import { useWholeServer } from './support/server.ts'

const server = useWholeServer({ TRUST_PROXY: '127.0.0.1' })
const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))
const DAY_MS = 24 * 3600 * 1000
const systemTime = { now: () => Date.now() }

const database = () => server().server.contextForTesting.databases.users
const folder = () => join(server().dataDir, 'secrets')
const parts = (clock = systemTime) => ({
  database: database(),
  secrets: createFileSecretStore(folder()),
  clock,
})
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString()
const wrappingFiles = async () => (await readdir(folder())).filter(name => name.startsWith('wrapping-key'))
const versionsInUse = async () => {
  const rows = await database().selectFrom('data_key').select('wrapping_version').distinct().execute()
  return rows.map(({ wrapping_version }) => wrapping_version).sort()
}

test('P87 a data key is replaced after its number of seals and after its time; the old ones go on opening', async () => {
  const clock = { nowMs: Date.now(), now: () => clock.nowMs }
  const wrapper = await openFileKeyWrapper(parts())
  const keys = createDataKeys({ ...parts(clock), wrapper }, { seals: 3, lifetimeMs: DAY_MS })
  const envelope = createEnvelope(keys, 'auth')
  const keyOf = (sealed: Uint8Array) => Buffer.from(sealed.subarray(1, 17)).toString('hex')
  const sealSome = (count: number) =>
    envelope.seal(Array.from({ length: count }, () => ({ place: 'row', bytes: Buffer.from('value') })))
  const first = await sealSome(7)
  expect(new Set(first.map(keyOf)).size).toBe(3)
  clock.nowMs += DAY_MS
  const later = await sealSome(1)
  expect(first.map(keyOf)).not.toContain(keyOf(later[0] ?? Buffer.of()))
  // Another process, that has none of them in memory.
  const elsewhere = (await openEncryption(parts())).envelopeOf('auth')
  for (const sealed of [...first, ...later])
    expect(text(await openOne(elsewhere, 'row', sealed))).toBe('value')
})

test('P87 a data key that a failover has lost is replaced before long', async () => {
  const clock = { nowMs: Date.now(), now: () => clock.nowMs }
  const seal = async () => sealOne(envelope, 'row', Buffer.from('value'))
  const envelope = (await openEncryption(parts(clock))).envelopeOf('auth')
  const lost = Buffer.from(await seal()).subarray(1, 17)
  clock.nowMs += 60_000
  expect(Buffer.from(await seal()).subarray(1, 17)).toEqual(lost)
  await database().deleteFrom('data_key').where('id', '=', lost).execute()
  clock.nowMs += 60_000
  const elsewhere = (await openEncryption(parts())).envelopeOf('auth')
  expect(text(await openOne(elsewhere, 'row', await seal()))).toBe('value')
})

test('P87 a process seals under no key that it finds in the database', async () => {
  const [{ version, public_key }] = await database()
    .selectFrom('wrapping_key')
    .selectAll()
    .orderBy('version', 'desc')
    .execute()
    .then(rows => [rows[0] ?? { version: 0, public_key: Buffer.of() }] as const)
  const key = createPublicKey({ key: Buffer.from(public_key), type: 'spki', format: 'der' })
  const planted = {
    id: randomBytes(16),
    wrapping_version: version,
    created_at: new Date(Date.now() + DAY_MS),
  }
  const wrapped = publicEncrypt({ key, oaepHash: 'sha256' }, randomBytes(32))
  await database()
    .insertInto('data_key')
    .values({ ...planted, wrapped })
    .execute()
  const sealed = await sealOne((await openEncryption(parts())).envelopeOf('auth'), 'row', Buffer.from('x'))
  expect(planted.id.equals(Buffer.from(sealed).subarray(1, 17))).toBe(false)
})

test('P87 signing keys that an earlier version has sealed go on signing, in the form of today', async () => {
  const secret = randomBytes(32)
  await writeFile(join(folder(), 'wrapping-key'), secret.toString('base64url'), { mode: 0o600 })
  const place = (kid: string) => `signing_key:${kid}`
  const { kid, sealed } = await database().selectFrom('signing_key').selectAll().executeTakeFirstOrThrow()
  const today = (await openEncryption(parts())).envelopeOf('keys')
  const plain = await openOne(today, place(kid), sealed)
  const old = sealUnderKey(createSecretKey(secret), plain, place(kid))
  await database().updateTable('signing_key').set({ sealed: old }).where('kid', '=', kid).execute()

  const envelope = (await openEncryption(parts())).envelopeOf('keys')
  const row = await database().selectFrom('signing_key').selectAll().executeTakeFirstOrThrow()
  expect(row.sealed[0]).toBe(2)
  expect(Buffer.from(await openOne(envelope, place(kid), row.sealed)).equals(Buffer.from(plain))).toBe(true)
  const keys = await openSigningKeys({ database: database(), envelope, clock: systemTime })
  const token = await keys.sign({ sub: 'somebody' }, 'at+jwt')
  // Under the very key that was there before.
  const known = createLocalJWKSet({ keys: [...(await keys.jwks()).keys] })
  const { payload, protectedHeader } = await jwtVerify(token, known)
  expect([payload.sub, protectedHeader.kid]).toEqual(['somebody', kid])
  // A process of the earlier version may still need it; the next rotation takes it away.
  expect(await wrappingFiles()).toContain('wrapping-key')
})

test('P87 the wrapping key is replaced by a command that may be killed: everything opens, before, in between and after', async () => {
  const wrapper = await openFileKeyWrapper(parts())
  const before = createEnvelope(
    createDataKeys({ ...parts(), wrapper }, { seals: 1, lifetimeMs: DAY_MS }),
    'auth',
  )
  const plain = Array.from({ length: 100 }, (_, at) => `value ${String(at)}`)
  const values = plain.map(value => ({ place: 'row', bytes: Buffer.from(value) }))
  const sealed = await before.seal(values)
  const openAll = async () => {
    const { envelopeOf } = await openEncryption(parts())
    const opened = await envelopeOf('auth').open(sealed.map(bytes => ({ place: 'row', bytes })))
    expect(opened.map(text)).toEqual(plain)
  }
  const ann = await Person.signUp(server().url)

  const rotating = spawn(process.execPath, [MAIN, 'rotate-wrapping-key'], {
    env: { ...process.env, DATA_DIR: server().dataDir },
    stdio: 'ignore',
  })
  const ended = new Promise(resolve => rotating.once('exit', resolve))
  while (!(await versionsInUse()).includes(2)) await sleep(5)
  rotating.kill('SIGKILL')
  await ended
  expect(await versionsInUse()).toEqual([1, 2])
  expect((await wrappingFiles()).sort()).toEqual(['wrapping-key', 'wrapping-key-1', 'wrapping-key-2'])
  await openAll()

  // As the next start of a server does. Two of them do not get into each other's way.
  await Promise.all([1, 2].map(async () => (await openEncryption(parts())).finishRotation()))
  expect(await versionsInUse()).toEqual([2])
  expect((await wrappingFiles()).sort()).toEqual(['wrapping-key', 'wrapping-key-2'])
  await openAll()

  const config = parseConfig({ DATA_DIR: server().dataDir })
  expect(await runCommand(config, ['rotate-wrapping-key'])).toContain('A new wrapping key is in use')
  expect(await versionsInUse()).toEqual([3])
  expect(await wrappingFiles()).toEqual(['wrapping-key-3'])
  expect((await stat(join(folder(), 'wrapping-key-3'))).mode & 0o777).toBe(0o600)
  await openAll()
  // The server that ran all the time.
  await ann.api.call('refreshSession', {})
  const [device] = (await ann.api.call('listDevices', {})).devices
  expect(device?.lastAddress).toBe('127.0.0.1')
})

test('P87 a process without the wrapping key does not start, and says what is missing', async () => {
  const [name = ''] = await wrappingFiles()
  const path = join(folder(), name)
  const content = await readFile(path)
  await rm(path)
  await expect(openEncryption(parts())).rejects.toThrow(`secrets/${name} cannot be read`)
  await writeFile(path, content, { mode: 0o600 })
  await openEncryption(parts())
})

const BROWSER =
  'Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 OPR/120.0'

test('P83 P87 a person sees from where each device was last there, and nobody finds it in the database', async () => {
  const phone = await Person.signUp(server().url)
  const laptop = phone.atNewDevice()
  laptop.api.headers = { 'x-forwarded-for': '203.0.113.77', 'user-agent': BROWSER }
  const login = await laptop.logIn()
  if (login.kind !== 'enrol') throw new Error('not offered to enrol')
  laptop.adopt(await laptop.api.call('enrolDevice', laptop.makeEnrolment(login.enrolmentGrant)))
  const seen = async () => {
    const { devices } = await phone.api.call('listDevices', {})
    return devices.find(({ deviceId }) => deviceId === laptop.device.deviceId)
  }
  expect(await seen()).toMatchObject({ lastAddress: '203.0.113.77', lastClient: 'Opera on ChromeOS' })
  laptop.api.headers = { 'x-forwarded-for': '::ffff:203.0.113.99', 'user-agent': '<b>' }
  await laptop.api.call('refreshSession', {})
  expect(await seen()).toMatchObject({ lastAddress: '203.0.113.99' })
  expect(await seen()).not.toHaveProperty('lastClient')
  laptop.api.headers = { 'x-forwarded-for': '2001:db8::a:b' }
  await laptop.api.call('refreshSession', {})
  expect(await seen()).toMatchObject({ lastAddress: '2001:db8::a:b' })

  const needles = createNeedles({
    first: '203.0.113.77',
    second: '203.0.113.99',
    third: '2001:db8::a:b',
    browser: 'Opera on ChromeOS',
    header: 'CrOS x86_64',
  })
  const view = await openDatabaseView(server().dataDir)
  const rows = await view.dump()
  await view.close()
  expect(rows.some(row => row.includes(laptop.device.deviceId))).toBe(true)
  expect(findNeedles(Buffer.from(rows.join('\n')), needles)).toEqual([])
  expect(await searchFolder(server().dataDir, needles)).toEqual([])

  await laptop.api.call('signOut', { eraseDevice: false })
  expect(await seen()).not.toHaveProperty('lastAddress')
  const kept = await database()
    .selectFrom('session')
    .select('seen')
    .where('ended_at', 'is not', null)
    .execute()
  expect(kept.length).toBeGreaterThan(0)
  expect(kept.every(({ seen: place }) => place === null)).toBe(true)
})
