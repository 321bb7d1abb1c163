import { join } from 'node:path'
import { decodeProtectedHeader } from 'jose'
import { beforeAll, beforeEach, expect, test } from 'vitest'
import { runCommand } from '../src/commands.ts'
import { parseConfig } from '../src/index.ts'
import { type Encryption, openEncryption } from '../src/keys/encryption.ts'
import { openSigningKeys, rotateSigningKeys } from '../src/keys/signing-keys.ts'
import { createFileSecretStore } from '../src/secrets.ts'
import { Person } from './support/person.ts'
import { useWholeServer } from './support/server.ts'

const server = useWholeServer()
const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS
let encryption: Encryption
const clock = { nowMs: Date.now(), now: () => clock.nowMs }
const parts = () => ({
  database: server().server.contextForTesting.databases.users,
  envelope: encryption.envelopeOf('keys'),
  clock,
})

const openOwn = () =>
  openEncryption({
    database: server().server.contextForTesting.databases.users,
    secrets: createFileSecretStore(join(server().dataDir, 'secrets')),
    clock,
  })

beforeAll(async () => {
  encryption = await openOwn()
})

beforeEach(async () => {
  await parts().database.deleteFrom('signing_key').execute()
})

const kidOf = async (keys: Awaited<ReturnType<typeof openSigningKeys>>) =>
  decodeProtectedHeader(await keys.sign({ sub: 'somebody' }, 'at+jwt')).kid ?? ''

test('a new key is published before it signs, and the old one accepted until its last token has expired', async () => {
  const keys = await openSigningKeys(parts())
  const first = await kidOf(keys)
  clock.nowMs += 91 * DAY_MS
  expect(await kidOf(keys)).toBe(first)
  expect((await keys.jwks()).keys).toHaveLength(2)
  clock.nowMs += 6 * MINUTE_MS
  const second = await kidOf(keys)
  expect(second).not.toBe(first)
  // The first one's last token was signed a moment ago and is good for ten minutes.
  clock.nowMs += 9 * MINUTE_MS
  expect(await keys.publicKey(first)).toBeDefined()
  clock.nowMs += 12 * MINUTE_MS
  expect(await kidOf(keys)).toBe(second)
  clock.nowMs += 2 * MINUTE_MS
  expect(await keys.publicKey(first)).toBeUndefined()
  expect((await keys.jwks()).keys.map(({ kid }) => kid)).toEqual([second])
})

test('several processes make one key, at the start and when it is time', async () => {
  const all = await Promise.all([1, 2, 3].map(() => openSigningKeys(parts())))
  const [one, ...others] = await Promise.all(all.map(kidOf))
  for (const other of others) expect(other).toBe(one)
  clock.nowMs += 91 * DAY_MS
  await Promise.all(all.map(kidOf))
  for (const keys of all) expect((await keys.jwks()).keys).toHaveLength(2)
})

test('a key that another process has made is found when a token names it', async () => {
  const [here, there] = [await openSigningKeys(parts()), await openSigningKeys(parts())]
  await rotateSigningKeys(parts(), { force: true })
  clock.nowMs += 6 * MINUTE_MS
  const made = await kidOf(there)
  expect(await here.publicKey(made)).toBeDefined()
  expect(await here.publicKey('invented')).toBeUndefined()
})

test('the operator rotates with a command, and everybody stays signed in', async () => {
  const ann = await Person.signUp(server().url)
  const config = parseConfig({ DATA_DIR: server().dataDir })
  expect(await runCommand(config, ['rotate-signing-key'])).toContain('five minutes')
  expect(await parts().database.selectFrom('signing_key').select('kid').execute()).toHaveLength(1)
  await ann.api.call('listConversations', {})
  await expect(runCommand(config, ['rotate-signing-key', 'now'])).rejects.toThrow('Usage')
})
