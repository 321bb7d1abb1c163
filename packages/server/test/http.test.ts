import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { errorBodySchema, LIMITS, OPERATIONS, type Operation } from '@entangle/protocol'
import { expect, test } from 'vitest'
import { ApiError } from './support/api.ts'
import { Person } from './support/person.ts'
import { startTestServer, useServer } from './support/server.ts'

const server = useServer()
const url = () => server().url
const post = (path: string, init: RequestInit) => fetch(url() + path, { method: 'POST', ...init })
const codeOf = async (answer: Response) => errorBodySchema.parse(await answer.json()).error.code
const json = { 'content-type': 'application/json' }

test('P86 every answer carries the browser policy', async () => {
  for (const path of ['/', '/healthz', '/v1/nothing', '/v1/openapi.json', '/.well-known/jwks.json']) {
    const { headers } = await fetch(url() + path)
    const policy = headers.get('content-security-policy') ?? ''
    expect(policy).toContain("default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'")
    expect(policy).toContain(
      `connect-src 'self' ws://localhost:${server().port} ws://127.0.0.1:${server().port}`,
    )
    expect(policy).toContain(
      "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types entangle",
    )
    expect(policy).not.toMatch(/unsafe-inline|'unsafe-eval'|\*/)
    expect(Object.fromEntries(headers)).toMatchObject({
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
      'cross-origin-resource-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    })
  }
})

test('P15 what is malformed, too large, of another type or nowhere gets a coded error', async () => {
  const path = '/v1/auth/login/start'
  const bad: [RequestInit, number, string][] = [
    [{ headers: json, body: '{' }, 400, 'REQUEST_MALFORMED'],
    [{ headers: json, body: '[]' }, 400, 'REQUEST_MALFORMED'],
    [{ headers: json, body: '{"handle":"ann","startLoginRequest":"x","more":1}' }, 400, 'REQUEST_MALFORMED'],
    [{ headers: json, body: '{"handle":"ann","startLoginRequest":"AAAA"}' }, 400, 'REQUEST_MALFORMED'],
    [{ headers: json, body: `{"handle":"${'a'.repeat(LIMITS.httpBodyBytes)}"}` }, 413, 'REQUEST_TOO_LARGE'],
    [
      { headers: { 'content-type': 'application/cbor' }, body: new Uint8Array([0xbf, 0xff]) },
      400,
      'REQUEST_MALFORMED',
    ],
    [
      { headers: { 'content-type': 'application/cbor' }, body: new Uint8Array([0xff]) },
      400,
      'REQUEST_MALFORMED',
    ],
    [{ headers: { 'content-type': 'text/plain' }, body: '{}' }, 415, 'REQUEST_UNSUPPORTED_TYPE'],
  ]
  for (const [init, status, code] of bad) {
    const answer = await post(path, init)
    expect([answer.status, await codeOf(answer)]).toEqual([status, code])
  }
  expect(await codeOf(await fetch(`${url()}/v1/nothing`))).toBe('ROUTE_NOT_FOUND')
  expect(await codeOf(await fetch(`${url()}/%zz`))).toBe('REQUEST_MALFORMED')
  expect((await fetch(`${url()}/readyz`)).status).toBe(200)
})

test('every operation that wants a session refuses a caller without one', async () => {
  for (const operation of Object.values(OPERATIONS) as Operation[]) {
    if (operation.auth !== 'device') continue
    const path = operation.path.replaceAll(/:\w+/g, 'x')
    const hasBody = operation.method === 'POST' || operation.method === 'PATCH'
    const answer = await fetch(url() + path, {
      method: operation.method,
      ...(hasBody ? { headers: json, body: '{}' } : {}),
    })
    expect([operation.name, answer.status, await codeOf(answer)]).toEqual([
      operation.name,
      401,
      'AUTH_REQUIRED',
    ])
  }
  expect(await codeOf(await post('/v1/auth/refresh', { headers: json, body: '{}' }))).toBe('AUTH_REQUIRED')
})

test('P12 the same operation speaks JSON with base64url and CBOR with byte strings', async () => {
  const ann = await Person.signUp(url())
  const answer = await fetch(`${url()}/v1/keys/identities/${ann.accountId}`, {
    headers: { authorization: `Bearer ${ann.api.accessToken}` },
  })
  const body = (await answer.json()) as { accountKey: string }
  expect(Buffer.from(body.accountKey, 'base64url').equals(Buffer.from(ann.identity.accountKey))).toBe(true)
  expect(await ann.api.call('readIdentity', { accountId: ann.accountId })).toEqual(ann.identity)
})

test('P80 a request that changes something comes from our own origin or from no browser', async () => {
  const answer = await post('/v1/auth/refresh', {
    headers: { ...json, origin: 'https://evil.example', cookie: '__Host-entangle-refresh=x' },
    body: '{}',
  })
  expect([answer.status, await codeOf(answer)]).toEqual([403, 'ORIGIN_REFUSED'])
  const own = await post('/v1/auth/refresh', { headers: { ...json, origin: url() }, body: '{}' })
  expect(await codeOf(own)).toBe('AUTH_REQUIRED')
})

test('P22 the refresh cookie is bound to host, path and HTTPS, and out of reach of scripts', async () => {
  const ann = await Person.create(url())
  const request = await ann.makeRegistration()
  const answer = await post('/v1/auth/registration/finish', {
    headers: json,
    body: JSON.stringify(request, (_, value) =>
      value instanceof Uint8Array ? Buffer.from(value).toString('base64url') : value,
    ),
  })
  const body = await answer.text()
  expect(body).toContain('accessToken')
  const [cookie = ''] = answer.headers.getSetCookie()
  expect(cookie).toMatch(/^__Host-entangle-refresh=[\w-]{43}; /)
  for (const attribute of ['Path=/', 'HttpOnly', 'Secure', 'SameSite=Strict'])
    expect(cookie).toContain(attribute)
  expect(cookie).not.toContain('Domain')
  expect(body).not.toContain(cookie.slice('__Host-entangle-refresh='.length, 60))
})

test('P22 the key set shows public RSA keys and nothing private', async () => {
  const { keys } = (await (await fetch(`${url()}/.well-known/jwks.json`)).json()) as {
    keys: Record<string, string>[]
  }
  expect(keys).toHaveLength(1)
  const [key = {}] = keys
  expect(Object.keys(key).sort()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use'])
  expect(Buffer.from(key['n'] ?? '', 'base64url').length * 8).toBe(3072)
})

test('P26 P81 asking for handles is limited', async () => {
  const ann = await Person.signUp(url())
  const codes: string[] = []
  for (let count = 0; count < 60; count++) {
    const error = await ann.api.call('findAccount', { handle: `guess-${count}` }).catch(refused => refused)
    if (error instanceof ApiError) codes.push(error.code)
  }
  expect(codes.slice(0, 30).every(code => code === 'ACCOUNT_NOT_FOUND')).toBe(true)
  expect(codes.at(-1)).toBe('RATE_LIMITED')
})

test('P20 P81 guessing one password is limited, whatever the address', async () => {
  const ann = await Person.create(url())
  const attempts = await Promise.all(
    Array.from({ length: 40 }, () => ann.provePassword().catch(error => error)),
  )
  const refused = attempts.filter(attempt => attempt instanceof ApiError)
  expect(refused.length).toBeGreaterThanOrEqual(15)
  expect(refused[0]).toMatchObject({ code: 'RATE_LIMITED', status: 429 })
})

test('broken HTTP and a body that ends early leave the server up', async () => {
  for (const bytes of [
    'GARBAGE\r\n\r\n',
    'POST /v1/auth/refresh HTTP/1.1\r\nContent-Length: 100\r\n\r\n{',
    '\0'.repeat(9000),
  ]) {
    await new Promise<void>(resolve => {
      const socket = connect(server().port, '127.0.0.1', () => socket.write(bytes))
      socket.on('error', () => undefined)
      socket.on('close', () => resolve())
      socket.resume()
      setTimeout(() => socket.destroy(), 200)
    })
  }
  await new Promise<void>(resolve => {
    const request = httpRequest(`${url()}/v1/auth/login/start`, { method: 'POST', headers: json })
    request.on('error', () => resolve())
    request.write('{"handle":')
    setTimeout(() => request.destroy(), 100)
  })
  expect((await fetch(`${url()}/healthz`)).status).toBe(200)
})

test('a closed server takes nobody in', async () => {
  const closed = await startTestServer({ REGISTRATION: 'closed' })
  try {
    const ann = await Person.create(closed.url)
    await expect(ann.makeRegistration()).rejects.toMatchObject({
      code: 'AUTH_REGISTRATION_CLOSED',
      status: 403,
    })
  } finally {
    await closed.stop()
  }
})
