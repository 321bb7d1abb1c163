import { encodeCbor } from '@entangle/protocol'
import { findFreePort } from '@entangle/testkit/harness'
import { expect, test } from 'vitest'
import { createInternalClient } from '../../src/internal/internal-client.ts'
import { createInternalServer } from '../../src/internal/internal-server.ts'
import { createRemoteSessions, createRemoteTokenKeys } from '../../src/internal/remote-ports.ts'
import { isSealed, seal } from '../../src/internal/seal.ts'
import { createLog } from '../../src/logging.ts'
import type { SessionId } from '../../src/ports/session-verifier.ts'

const clock = { now: () => Date.now() }
const log = createLog('silent')

test('a seal is of one call, one body and half a minute', () => {
  const body = encodeCbor({ token: 'a' })
  const made = seal('secret', 1_000_000, 'verifySession', body)
  const isGood = (secret: string, nowMs: number, name: string, content: Uint8Array, header?: string) =>
    isSealed(secret, nowMs, name, content, header)
  expect(isGood('secret', 1_020_000, 'verifySession', body, made)).toBe(true)
  expect(isGood('secret', 1_031_000, 'verifySession', body, made)).toBe(false)
  expect(isGood('other', 1_000_000, 'verifySession', body, made)).toBe(false)
  expect(isGood('secret', 1_000_000, 'signToken', body, made)).toBe(false)
  expect(isGood('secret', 1_000_000, 'verifySession', encodeCbor({ token: 'b' }), made)).toBe(false)
  for (const header of [undefined, '', '.', 'x.y', `${made}.more`.slice(1)])
    expect(isGood('secret', 1_000_000, 'verifySession', body, header)).toBe(false)
})

test('services with different secrets are unreachable for each other, and sign nobody out', async () => {
  const port = await findFreePort()
  const server = createInternalServer({
    listen: { host: '127.0.0.1', port },
    secret: 'one',
    clock,
    log,
    handlers: { isSessionActive: async () => ({ active: true }) },
  })
  await server.listen()
  const urls = { auth: new URL(`http://127.0.0.1:${String(port)}`) }
  const ask = (secret: string) =>
    createInternalClient({ urls, secret, clock }).call('isSessionActive', {
      sessionId: '0'.repeat(32) as never,
    })
  expect(await ask('one')).toEqual({ active: true })
  await expect(ask('another')).rejects.toMatchObject({ code: 'SERVER_UNAVAILABLE' })
  await server.close()
  await expect(ask('one')).rejects.toMatchObject({ code: 'SERVER_UNAVAILABLE' })
})

test('invented names of keys are asked for once in a while, not once each', async () => {
  let now = 1_000_000
  let asked = 0
  const client = {
    call: async () => {
      asked += 1
      return { keys: [{ kty: 'RSA', kid: 'real' }] }
    },
  }
  const keys = createRemoteTokenKeys(client as never, { now: () => now })
  expect(await keys.publicKey('real')).toMatchObject({ kid: 'real' })
  for (let count = 0; count < 50; count++)
    expect(await keys.publicKey(`invented ${String(count)}`)).toBeUndefined()
  expect(asked).toBe(1)
  now += 6000
  for (let count = 0; count < 50; count++) await keys.publicKey(`invented ${String(count)}`)
  expect(asked).toBe(2)
})

test('a token that was verified says that its session lives, for half a second from the question on', async () => {
  let now = 1_000_000
  let active = true
  const sessionId = '1'.repeat(32) as SessionId
  const asked: string[] = []
  const client = {
    async call(name: string) {
      asked.push(name)
      now += 100
      return name === 'verifySession' ? { sessionId } : { active }
    },
  }
  const sessions = createRemoteSessions(client as never, { now: () => now })
  await sessions.verify('token')
  active = false
  now += 399
  expect(await sessions.isActive(sessionId)).toBe(true)
  expect(asked).toEqual(['verifySession'])
  now += 1
  expect(await sessions.isActive(sessionId)).toBe(false)
})
