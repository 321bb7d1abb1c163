import { encodeCbor, type ProtocolError } from '@entangle/protocol'
import { expect, test } from 'vitest'
import type { HttpRequest, Transport } from '../src/ports/transport.ts'
import { NetworkError } from '../src/ports/transport.ts'
import { createApiClient } from '../src/wire/api-client.ts'
import { createSessionCalls } from '../src/wire/session-calls.ts'

const ACCOUNT = '0'.repeat(32)
const sessionWith = (accessToken: string) => ({
  account: { accountId: ACCOUNT, handle: 'ann', displayName: 'Ann' },
  deviceId: ACCOUNT,
  accessToken,
  accessTokenExpiresAt: Date.now() + 600_000,
})
/** What Kong answers where a token has expired. */
const GATEWAY_REFUSES = { status: 401, body: new TextEncoder().encode('{"exp":"token expired"}') }

function setUp(answer: (request: HttpRequest) => { status: number; body: Uint8Array }) {
  const ended: ProtocolError[] = []
  const transport = { exchange: async (request: HttpRequest) => answer(request) } as Transport
  const calls = createSessionCalls({
    call: createApiClient(transport),
    clock: { now: () => Date.now() } as Parameters<typeof createSessionCalls>[0]['clock'],
    ended: error => ended.push(error),
    renewed: () => undefined,
  })
  calls.adopt(sessionWith('old') as Parameters<typeof calls.adopt>[0])
  return { calls, ended }
}
const fine = (value: unknown) => ({ status: 200, body: encodeCbor(value) })

test('a token that a gateway refuses in its own words is replaced, and the question asked again', async () => {
  const { calls, ended } = setUp(({ target, accessToken }) => {
    if (target === '/v1/auth/refresh') return fine(sessionWith('new'))
    return accessToken === 'new' ? fine({ devices: [] }) : GATEWAY_REFUSES
  })
  expect(await calls.call('listDevices', {})).toEqual({ devices: [] })
  expect(ended).toEqual([])
})

test('a gateway that refuses every token signs nobody out', async () => {
  let asked = 0
  const { calls, ended } = setUp(({ target }) => {
    asked += 1
    return target === '/v1/auth/refresh' ? fine(sessionWith('new')) : GATEWAY_REFUSES
  })
  await expect(calls.call('listDevices', {})).rejects.toBeInstanceOf(NetworkError)
  expect([asked, ended]).toEqual([3, []])
})
