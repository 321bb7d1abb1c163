import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import { findFreePort } from '@entangle/testkit/harness'
import { expect, test } from 'vitest'
import { createInternalClient } from '../../src/internal/internal-client.ts'
import { createInternalServer } from '../../src/internal/internal-server.ts'
import { createInternalHandlers, createRemoteEnvelope } from '../../src/internal/remote-ports.ts'
import type { DataKeys } from '../../src/keys/data-keys.ts'
import { createEnvelope, type Sealer } from '../../src/keys/envelope.ts'
import { openUnderKey, sealUnderKey } from '../../src/keys/one-key-seal.ts'
import { createLog } from '../../src/logging.ts'
import { openOne, sealOne } from '../../src/ports/envelope.ts'

const newKey = () => createSecretKey(randomBytes(32))
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString()

/** A new key for every value. */
function createKeysInMemory(): DataKeys {
  const keys = new Map<string, KeyObject>()
  return {
    async toSeal() {
      const [id, key] = [randomBytes(16), newKey()]
      keys.set(id.toString('hex'), key)
      return { id, key }
    },
    async toOpen(id) {
      const key = keys.get(Buffer.from(id).toString('hex'))
      if (key === undefined) throw new Error('unknown')
      return key
    },
  }
}

test('P87 a sealed value opens in its own place, for its own sealer, unchanged', async () => {
  const keys = createKeysInMemory()
  const [auth, chat] = [createEnvelope(keys, 'auth'), createEnvelope(keys, 'chat')]
  const sealed = await sealOne(auth, 'session:1', Buffer.from('secret'))
  expect(text(await openOne(auth, 'session:1', sealed))).toBe('secret')
  expect(Buffer.from(sealed).includes('secret')).toBe(false)
  await expect(openOne(auth, 'session:2', sealed)).rejects.toThrow()
  await expect(openOne(chat, 'session:1', sealed)).rejects.toThrow()
  await expect(openOne(createEnvelope(createKeysInMemory(), 'auth'), 'session:1', sealed)).rejects.toThrow()
  for (const at of [0, 1, 16, 17, 28, 29, 44, sealed.length - 1]) {
    const changed = Buffer.from(sealed)
    changed.writeUInt8(changed.readUInt8(at) ^ 1, at)
    await expect(openOne(auth, 'session:1', changed)).rejects.toThrow()
  }
  for (const length of [0, 1, 17, 30, sealed.length - 1])
    await expect(openOne(auth, 'session:1', sealed.subarray(0, length))).rejects.toThrow()
})

test('P87 many values are answered in their order, and the same value is never sealed alike', async () => {
  const auth = createEnvelope(createKeysInMemory(), 'auth')
  const values = [1, 2, 3].map(each => ({ place: `row:${String(each)}`, bytes: Buffer.from([each]) }))
  const sealed = await auth.seal(values)
  const opened = await auth.open(values.map(({ place }, at) => ({ place, bytes: sealed[at] ?? Buffer.of() })))
  expect(opened.map(bytes => [...bytes])).toEqual([[1], [2], [3]])
  const place = 'row:1'
  const [one, other] = await auth.seal([1, 2].map(() => ({ place, bytes: Buffer.from('same') })))
  expect(one).not.toEqual(other)
})

test('P87 a service in another process seals and opens in its own name', async () => {
  const keys = createKeysInMemory()
  const envelopeOf = (sealer: Sealer) => createEnvelope(keys, sealer)
  const clock = { now: () => Date.now() }
  const port = await findFreePort()
  const server = createInternalServer({
    listen: { host: '127.0.0.1', port },
    secret: 'shared',
    clock,
    log: createLog('silent'),
    handlers: createInternalHandlers({
      sessions: undefined,
      tokenKeys: undefined,
      directory: undefined,
      accounts: undefined,
      envelopeOf,
    }),
  })
  await server.listen()
  const urls = { keys: new URL(`http://127.0.0.1:${String(port)}`) }
  const remote = (sealer: 'auth' | 'chat') =>
    createRemoteEnvelope(createInternalClient({ urls, secret: 'shared', clock }), sealer)
  try {
    const sealed = await sealOne(remote('auth'), 'session:1', Buffer.from('far away'))
    expect(text(await openOne(remote('auth'), 'session:1', sealed))).toBe('far away')
    expect(text(await openOne(envelopeOf('auth'), 'session:1', sealed))).toBe('far away')
    await expect(openOne(remote('chat'), 'session:1', sealed)).rejects.toThrow()
  } finally {
    await server.close()
  }
})

test('a value under one key opens under that key and in its place only', () => {
  const key = newKey()
  const sealed = sealUnderKey(key, Buffer.from('secret'), 'table:row')
  expect(text(openUnderKey(key, sealed, 'table:row'))).toBe('secret')
  expect(() => openUnderKey(key, sealed, 'table:other')).toThrow()
  expect(() => openUnderKey(newKey(), sealed, 'table:row')).toThrow()
  sealed.writeUInt8(sealed.readUInt8(20) ^ 1, 20)
  expect(() => openUnderKey(key, sealed, 'table:row')).toThrow()
})
