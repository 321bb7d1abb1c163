import { type ServerProcess, startServer } from '@entangle/testkit/harness'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { NetworkError } from '../src/ports/transport.ts'
import { codeOf, createHouseholds, say, sessionOf, untilLast } from './support/household.ts'
import { newDevice } from './support/mortal.ts'
import { PASSWORD, until } from './support/person.ts'

let server: ServerProcess
const households = createHouseholds(() => server)

beforeAll(async () => {
  server = await startServer({ env: { RATE_LIMITS: 'off-for-benchmarks' } })
})
afterAll(async () => {
  await households.end()
  await server.dispose()
})

const NEXT_PASSWORD = 'something else entirely'

/** As the operator does it, beside the running server. */
const makeCode = async (handle: string): Promise<string> =>
  (await server.command('reset-code', handle)).match(/([0-9a-f]{4}-){7}[0-9a-f]{4}/)?.[0] ?? ''

test('P28 a reset: a new identity, contacts stop until they accept, and then the conversation goes on', async () => {
  const home = await households.found(2)
  const { accountId, handle, first, peer, toOwner } = home
  const beside = await households.addDevice(peer.handle)
  await untilLast(beside.engine, 'hello back')
  const device = newDevice()
  const engine = await households.start(device)
  const reset = (code: string) => engine.request('resetAccount', { handle, code, newPassword: NEXT_PASSWORD })
  expect(await codeOf(reset('0000-0000'))).toBe('AUTH_RESET_WRONG')
  await reset(await makeCode(handle))
  const session = await sessionOf(engine)
  expect(session.account.accountId).toBe(accountId)
  await until(engine, 'session', state => state.phase === 'signed-in' && !state.recoverySaved)
  for (const place of [first, ...home.others]) {
    await until(place.engine, 'session', state => state.phase === 'signed-out')
    expect(await codeOf(place.engine.request('signIn', { handle, password: PASSWORD }))).toBe(
      'AUTH_CREDENTIALS_WRONG',
    )
  }

  // It comes in by itself; whoever is in there already does not believe it before the person does.
  await until(peer.engine, 'chats', chats => chats.some(chat => chat.warning === 'identity-changed'))
  const sent = peer.device.sent.length
  expect(await codeOf(say(peer.engine, toOwner, 'secret'))).toBe('ENGINE_IDENTITY_CHANGED')
  const chatId = await engine.request('openDirectChat', { accountId: peer.accountId as never })
  await say(engine, chatId, 'I had to begin anew')
  expect(peer.device.sent.length).toBe(sent)
  await peer.engine.request('acceptIdentity', { accountId: accountId as never })
  await untilLast(peer.engine, 'I had to begin anew')
  await say(peer.engine, toOwner, 'good to have you back')
  await untilLast(engine, 'good to have you back')
  const number = (of: typeof engine, other: string) =>
    of.request('readSafetyNumber', { accountId: other as never })
  expect((await number(peer.engine, accountId)).digits).toBe((await number(engine, peer.accountId)).digits)
  expect((await number(peer.engine, accountId)).basis).toBe('first-use')
  // The other device of the peer goes on by what was accepted on the first.
  await untilLast(beside.engine, 'good to have you back')
  await until(beside.engine, 'chats', chats => chats.every(chat => chat.warning === null))
  expect((await number(beside.engine, accountId)).digits).toBe((await number(peer.engine, accountId)).digits)
  for (const { engine } of [peer, beside]) {
    const { rows } = await engine.request('openTimeline', { chatId: toOwner, at: 'latest' })
    expect(rows.filter(({ content }) => content.kind === 'notice').map(({ content }) => content)).toEqual([
      { kind: 'notice', notice: { kind: 'identity-changed', person: accountId, signed: false } },
    ])
  }

  // The account goes on like any other.
  const second = await households.start(newDevice())
  await second.request('signIn', { handle, password: NEXT_PASSWORD })
  await untilLast(second, 'good to have you back')
}, 120_000)

test('P28 the answer to a reset is lost: the new password signs this device in', async () => {
  const home = await households.found(1)
  const device = newDevice()
  const engine = await households.start(device, transport => ({
    ...transport,
    exchange: async request => {
      const answer = await transport.exchange(request)
      if (request.target.endsWith('/reset/finish')) throw new NetworkError('the answer is lost')
      return answer
    },
  }))
  const { handle } = home
  const code = await makeCode(handle)
  const outcome = codeOf(engine.request('resetAccount', { handle, code, newPassword: NEXT_PASSWORD }))
  expect(await outcome).toBe('ENGINE_OFFLINE_SIGNIN')
  await engine.bury()
  const again = await households.start(device)
  await again.request('signIn', { handle, password: NEXT_PASSWORD })
  expect((await sessionOf(again)).account.accountId).toBe(home.accountId)
  expect(await again.request('listDevices', {})).toHaveLength(1)
}, 120_000)
