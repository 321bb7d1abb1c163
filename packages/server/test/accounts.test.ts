import { LIMITS } from '@entangle/protocol'
import { decodeJwt, decodeProtectedHeader, SignJWT } from 'jose'
import { expect, test } from 'vitest'
import { SIBLING_GRACE_MS } from '../src/auth/refresh-tokens.ts'
import { refusalOf } from './support/api.ts'
import { makePair, Person } from './support/person.ts'
import { useServer } from './support/server.ts'
import { Socket } from './support/socket.ts'

let offsetMs = 0
const server = useServer(
  { RATE_LIMITS: 'off-for-benchmarks' },
  { clock: { now: () => Date.now() + offsetMs } },
)
const url = () => server().url

test('P20 a password signs in, a wrong one and an unknown handle do not', async () => {
  const ann = await Person.signUp(url())
  expect(await ann.logIn()).toMatchObject({ kind: 'session', session: { deviceId: ann.device.deviceId } })
  const wrong = await ann.provePassword('not the password')
  expect(await refusalOf(ann.api.call('finishLogin', wrong))).toBe('AUTH_CREDENTIALS_WRONG')
  expect(await refusalOf(ann.api.call('finishLogin', wrong))).toBe('AUTH_LOGIN_EXPIRED')

  const nobody = await Person.create(url())
  const proof = await nobody.provePassword()
  expect(await refusalOf(nobody.api.call('finishLogin', proof))).toBe('AUTH_CREDENTIALS_WRONG')
})

test('P20 an unknown handle is answered in the same form as a known one', async () => {
  const [known, unknown] = [await Person.signUp(url()), await Person.create(url())]
  const start = async (person: Person) => {
    const { loginId, finishLoginRequest } = await person.provePassword('a guess')
    return { login: loginId.length, finish: finishLoginRequest.length }
  }
  expect(await start(unknown)).toEqual(await start(known))
})

test('P21 the same registration again signs in again; another for the handle is refused', async () => {
  const ann = await Person.create(url())
  const request = await ann.makeRegistration()
  const [first, second] = [
    await ann.api.call('finishRegistration', request),
    await ann.api.call('finishRegistration', request),
  ]
  expect(second.account).toEqual(first.account)
  expect(second.accessToken).not.toBe(first.accessToken)

  const thief = await Person.create(url(), ann.handle)
  expect(await refusalOf(thief.makeRegistration())).toBe('AUTH_HANDLE_TAKEN')
  const { identity, accountId } = thief
  const device = { deviceId: thief.device.deviceId, identity, accountId }
  expect(await refusalOf(thief.api.call('finishRegistration', { ...request, ...device }))).toBe(
    'AUTH_HANDLE_TAKEN',
  )
})

test('P21 an identity that does not verify makes no account', async () => {
  const [ann, ben] = [await Person.create(url()), await Person.create(url())]
  const request = await ann.makeRegistration()
  const deviceList = ann.identity.deviceList.slice()
  deviceList[40] = (deviceList[40] ?? 0) ^ 1
  for (const identity of [
    { ...ann.identity, deviceList },
    { ...ann.identity, accountKey: ben.identity.accountKey },
    { ...ann.identity, certificates: ben.identity.certificates },
    ben.identity,
  ]) {
    expect(await refusalOf(ann.api.call('finishRegistration', { ...request, identity }))).toBe(
      'KEYS_IDENTITY_INVALID',
    )
  }
  await ann.api.call('finishRegistration', request)
})

test('P22 an access token is ours, of its kind and for ten minutes', async () => {
  const ann = await Person.signUp(url())
  const token = ann.api.accessToken ?? ''
  expect(decodeProtectedHeader(token)).toMatchObject({ alg: 'RS256', typ: 'at+jwt' })
  const claims = decodeJwt(token)
  expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(LIMITS.accessTokenLifetimeMs / 1000)

  const forged = await new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid: decodeProtectedHeader(token).kid ?? '' })
    .sign(new TextEncoder().encode('a public key is no secret at all'))
  for (const bad of [forged, `${token.slice(0, -6)}AAAAAA`, token.split('.').slice(0, 2).join('.')]) {
    ann.api.accessToken = bad
    expect(await refusalOf(ann.api.call('listConversations', {}))).toMatch(/^AUTH_(TOKEN_INVALID|REQUIRED)$/)
  }
  ann.api.accessToken = token
  await ann.api.call('listConversations', {})
  offsetMs += LIMITS.accessTokenLifetimeMs + 1000
  expect(await refusalOf(ann.api.call('listConversations', {}))).toBe('AUTH_TOKEN_INVALID')
})

test('P22 a refresh replaces the cookie; a copy in other hands closes the family', async () => {
  const ann = await Person.signUp(url())
  const first = ann.api.cookie
  ann.adopt(await ann.api.call('refreshSession', {}))
  const second = ann.api.cookie
  expect(second).not.toBe(first)

  // Killed before the new cookie was stored: the one before still serves.
  ann.api.cookie = first
  ann.adopt(await ann.api.call('refreshSession', {}))
  const third = ann.api.cookie
  ann.adopt(await ann.api.call('refreshSession', {}))
  const fourth = ann.api.cookie
  expect(new Set([first, second, third, fourth]).size).toBe(4)

  offsetMs += SIBLING_GRACE_MS + 1000
  const socket = await Socket.connect(ann.api)
  ann.api.cookie = second
  expect(await refusalOf(ann.api.call('refreshSession', {}))).toBe('AUTH_REFRESH_REUSED')
  expect(await socket.closed).toBe(4401)
  ann.api.cookie = fourth
  expect(await refusalOf(ann.api.call('refreshSession', {}))).toBe('AUTH_TOKEN_INVALID')
  expect(await refusalOf(ann.api.call('listConversations', {}))).toBe('AUTH_TOKEN_INVALID')
})

test('P22 a browser that lost its newest cookie comes back the next morning', async () => {
  const ann = await Person.signUp(url())
  const lost = ann.api.cookie
  await ann.api.call('refreshSession', {})
  offsetMs += 12 * 3600 * 1000
  ann.api.cookie = lost
  ann.adopt(await ann.api.call('refreshSession', {}))
  expect(await ann.api.call('listConversations', {})).toEqual({ conversations: [] })
})

test('P22 a sign-out that failed can be tried again: only then is the cookie gone', async () => {
  const { api } = await Person.signUp(url())
  const { cookie } = api
  const { usersPool } = server().server.contextForTesting.databases
  await usersPool.query('ALTER TABLE session RENAME TO session_away')
  expect(await refusalOf(api.call('signOut', { eraseDevice: false }))).toBe('SERVER_ERROR')
  await usersPool.query('ALTER TABLE session_away RENAME TO session')
  expect(api.cookie).toBe(cookie)
  await api.call('signOut', { eraseDevice: false })
  api.cookie = cookie
  expect(await refusalOf(api.call('refreshSession', {}))).toBe('AUTH_TOKEN_INVALID')
})

test('P22 within the grace a token two generations old is a reuse all the same', async () => {
  const ann = await Person.signUp(url())
  const first = ann.api.cookie
  await ann.api.call('refreshSession', {})
  await ann.api.call('refreshSession', {})
  ann.api.cookie = first
  expect(await refusalOf(ann.api.call('refreshSession', {}))).toBe('AUTH_REFRESH_REUSED')
})

test('P22 parallel refreshes with one cookie all succeed and leave a usable session', async () => {
  const ann = await Person.signUp(url())
  await Promise.all(Array.from({ length: 8 }, () => ann.api.call('refreshSession', {})))
  await ann.api.call('refreshSession', {})
})

test('P23 a device that gives up its place loses sessions and packages, and another enrols after it', async () => {
  const ann = await Person.signUp(url())
  await ann.publishKeyPackages(3, true)
  const socket = await Socket.connect(ann.api)
  await ann.api.call('signOut', { eraseDevice: true })
  expect(await socket.closed).toBe(4401)
  expect(await refusalOf(ann.api.call('keyPackageStatus', {}))).toBe('AUTH_TOKEN_INVALID')

  const login = await ann.logIn()
  if (login.kind !== 'enrol') throw new Error('the device has kept its place')
  expect(login.identity.deviceList).toEqual(ann.identity.deviceList)
  const stale = { ...ann.identity }
  ann.replaceDevice()
  const request = {
    enrolmentGrant: login.enrolmentGrant,
    deviceId: ann.device.deviceId,
    identity: ann.identity,
  }
  expect(await refusalOf(ann.api.call('enrolDevice', { ...request, identity: stale }))).toBe(
    'KEYS_IDENTITY_INVALID',
  )
  ann.adopt(await ann.api.call('enrolDevice', request))
  expect(await ann.api.call('keyPackageStatus', {})).toEqual({ available: 0, lastResort: 'missing' })
  expect(await refusalOf(ann.api.call('enrolDevice', request))).toBe('AUTH_LOGIN_EXPIRED')
  const stored = await ann.api.call('readIdentity', { accountId: ann.accountId })
  expect(stored.deviceList).toEqual(ann.identity.deviceList)
})

test('P23 a listed device whose key does not fit is refused', async () => {
  const ann = await Person.signUp(url())
  const impostor = { ...ann.makeDevice(), deviceId: ann.device.deviceId }
  expect(await refusalOf(ann.logIn(impostor))).toBe('AUTH_DEVICE_PROOF_INVALID')
})

test('P24 a change of password ends other sessions and the old password', async () => {
  const ann = await Person.signUp(url())
  const before = { token: ann.api.accessToken, cookie: ann.api.cookie }
  const vault = {
    sealed: new Uint8Array(20).fill(7),
    wraps: [{ kind: 'password' as const, wrapped: new Uint8Array(9) }],
  }
  const { changeGrant } = await ann.api.call('fetchVault', { proof: await ann.provePassword() })
  const registrationRecord = await ann.registrationOfNewPassword('a better one')
  const other = await Person.signUp(url())
  const request = { changeGrant, registrationRecord, vault }
  expect(await refusalOf(other.api.call('finishPasswordChange', request))).toBe('AUTH_LOGIN_EXPIRED')
  await ann.api.call('finishPasswordChange', request)
  expect(await refusalOf(ann.api.call('finishPasswordChange', request))).toBe('AUTH_LOGIN_EXPIRED')
  expect(ann.api.accessToken).toBe(before.token)
  await ann.api.call('refreshSession', {})

  expect(await refusalOf(ann.logIn())).toBe('AUTH_CREDENTIALS_WRONG')
  const proof = await ann.provePassword('a better one')
  const fetched = await ann.api.call('fetchVault', { proof })
  expect(fetched.vault).toEqual(vault)
})

test('P24 what the old password had granted ends with it', async () => {
  const ann = await Person.signUp(url())
  const intruder = ann.atNewDevice()
  const enrolment = intruder.makeEnrolment(await intruder.grantToEnrol())
  const { changeGrant, vault } = await ann.api.call('fetchVault', { proof: await ann.provePassword() })
  const registrationRecord = await ann.registrationOfNewPassword('a better one')
  await ann.api.call('finishPasswordChange', { changeGrant, registrationRecord, vault })
  expect(await refusalOf(intruder.api.call('enrolDevice', enrolment))).toBe('AUTH_LOGIN_EXPIRED')
})

test('P25 deletion removes what was the person, keeps the handle reserved and tells the peer', async () => {
  const { ann, ben, conversationId } = await makePair(url())
  const [annSocket, benSocket] = [await Socket.connect(ann.api), await Socket.connect(ben.api)]
  await annSocket.send(annSocket.frame(conversationId, ann.encrypt(conversationId, 'stays')))
  await benSocket.until(() => benSocket.delivered.length === 1)
  const wrong = await ann.provePassword('not the password')
  expect(await refusalOf(ann.api.call('deleteAccount', { proof: wrong }))).toBe('AUTH_CREDENTIALS_WRONG')
  await ann.api.call('deleteAccount', { proof: await ann.provePassword() })
  expect(await annSocket.closed).toBe(4401)
  await benSocket.until(() => benSocket.controls.some(control => control.t === 'gone'))
  expect(benSocket.controlOf('gone')).toEqual({ t: 'gone', accountId: ann.accountId })

  const late = await benSocket.send(benSocket.frame(conversationId, ben.encrypt(conversationId, 'too late')))
  expect(late.status).toBe(85)
  const { events } = await ben.api.call('readEvents', { conversationId, after: 0 })
  expect(events).toHaveLength(1)
  expect(await refusalOf(ben.api.call('readAccount', { accountId: ann.accountId }))).toBe('ACCOUNT_GONE')
  expect(await refusalOf(ben.api.call('findAccount', { handle: ann.handle }))).toBe('ACCOUNT_NOT_FOUND')
  expect(await refusalOf(ben.claim(ann))).toBe('ACCOUNT_GONE')
  const heir = await Person.create(url(), ann.handle)
  expect(await refusalOf(heir.makeRegistration())).toBe('AUTH_HANDLE_TAKEN')
  expect(await refusalOf(ann.api.call('finishLogin', await ann.provePassword()))).toBe(
    'AUTH_CREDENTIALS_WRONG',
  )
  benSocket.close()
})

test('P25 a deleted peer cannot be given a new conversation', async () => {
  const [ann, ben] = [await Person.signUp(url()), await Person.signUp(url())]
  await ben.publishKeyPackages(1)
  const group = ann.makeGroup(await ann.claim(ben))
  await ben.api.call('deleteAccount', { proof: await ben.provePassword() })
  expect(await refusalOf(ann.api.call('createConversation', { ...group, kind: 'direct' }))).toBe(
    'CHAT_PEER_GONE',
  )
})

test('P26 a person is found by the exact handle, and only by somebody signed in', async () => {
  const [ann, ben] = [await Person.signUp(url()), await Person.signUp(url())]
  const summary = { accountId: ben.accountId, handle: ben.handle, displayName: ben.handle }
  expect(await ann.api.call('findAccount', { handle: ben.handle })).toEqual(summary)
  expect(await refusalOf(ann.api.call('findAccount', { handle: 'nobody.at.all' }))).toBe('ACCOUNT_NOT_FOUND')
  const renamed = await ben.api.call('updateProfile', { displayName: '  Ben\u0301 ' })
  expect(renamed.displayName).toBe('Be\u0144')
  expect((await ann.api.call('readAccount', { accountId: ben.accountId })).displayName).toBe('Be\u0144')
  ann.api.accessToken = undefined
  expect(await refusalOf(ann.api.call('findAccount', { handle: ben.handle }))).toBe('AUTH_REQUIRED')
})
