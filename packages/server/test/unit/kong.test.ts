import { createPublicKey, createVerify, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { LIMITS, OPERATIONS, type Operation } from '@entangle/protocol'
import { calculateJwkThumbprint, decodeProtectedHeader, exportJWK, type JWK, SignJWT } from 'jose'
import { beforeAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { createAccessTokens } from '../../src/auth/access-tokens.ts'
import { describeForKong } from '../../src/gateway/kong-config.ts'
import { type Plain, toYaml } from '../../src/gateway/yaml.ts'
import { systemClock } from '../../src/ports/clock.ts'
import { readDeployed } from '../support/deploy-files.ts'
import {
  chooseRoutes,
  type KongFile,
  type KongPlugin,
  kongFileSchema,
  routesOf,
} from '../support/kong-file.ts'

const TARGETS = { auth: ['auth-1:8420', 'auth-2:8420'], keys: ['keys-1:8420'], chat: ['10.0.0.7:8420'] }
const operations: readonly Operation[] = Object.values(OPERATIONS)

const makePair = () => generateKeyPairSync('rsa', { modulusLength: 2048 })
const [first, second] = [makePair(), makePair()]
const jwkOf = async (key: KeyObject): Promise<JWK> => {
  const jwk = await exportJWK(key)
  return { ...jwk, kid: await calculateJwkThumbprint(jwk), alg: 'RS256', use: 'sig' }
}

let keys: JWK[]
let file: KongFile
beforeAll(async () => {
  keys = await Promise.all([first, second].map(({ publicKey }) => jwkOf(publicKey)))
  file = kongFileSchema.parse(parse(toYaml(describeForKong(keys, TARGETS))))
})

const only = (method: string, path: string) => {
  const [route, ...others] = chooseRoutes(file, method, path)
  expect(others).toEqual([])
  return route
}
const pathOf = ({ path }: Operation) => path.replaceAll(/:[A-Za-z]+/g, 'a-value.of_it~1')
const namesOf = (plugins: readonly KongPlugin[] = []) => plugins.map(({ name }) => name)

type ConfigOf<Name extends KongPlugin['name']> = Extract<KongPlugin, { readonly name: Name }>['config']

/** A route's own settings of a plugin stand in the place of those for all. */
function effective<Name extends KongPlugin['name']>(name: Name, own: readonly KongPlugin[] = []) {
  const found = [...own, ...file.plugins].find(plugin => plugin.name === name)
  if (found === undefined) throw new Error(`no ${name}`)
  return found.config as ConfigOf<Name>
}

test('every reference resolves, every name is there once, and every target of a service is one of its upstream', () => {
  const upstreams = new Map(
    file.upstreams.map(({ name, targets }) => [name, targets.map(({ target }) => target)]),
  )
  for (const { name, host } of file.services) {
    expect(upstreams.get(host)).toEqual(TARGETS[name as keyof typeof TARGETS])
  }
  const names = [...file.services, ...routesOf(file), ...file.upstreams].map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
  // Kong holds a plugin to one for a route.
  for (const { plugins } of [...routesOf(file), file]) {
    expect(new Set(namesOf(plugins)).size).toBe(namesOf(plugins).length)
  }
})

test('every operation has one route, to its service; a token is asked for where it is needed and nowhere else', () => {
  for (const operation of operations) {
    const route = only(operation.method, pathOf(operation))
    expect(route).toMatchObject({ name: operation.name, service: operation.service, strip_path: false })
    expect([operation.name, namesOf(route?.plugins).includes('jwt')]).toEqual([
      operation.name,
      operation.auth === 'device',
    ])
  }
  expect(namesOf(file.plugins)).not.toContain('jwt')
})

test('bodies are as large as the operation allows, and no larger', () => {
  for (const operation of operations) {
    expect(
      effective('request-size-limiting', only(operation.method, pathOf(operation))?.plugins),
    ).toMatchObject({
      allowed_payload_size: operation.bodyLimitBytes ?? LIMITS.httpBodyBytes,
      size_unit: 'bytes',
    })
  }
})

test('what stands before Kong lets through what Kong does', () => {
  const largest = Math.max(...operations.map(({ bodyLimitBytes = 0 }) => bodyLimitBytes))
  for (const path of [
    'nginx/entangle.conf.template',
    'nginx/kong.conf.template',
    'kubernetes/ingress.yaml',
  ]) {
    const [, mebibytes] = /(?:client_max_body_size|proxy-body-size:) (\d+)m/.exec(readDeployed(path)) ?? []
    expect(Number(mebibytes) * 1024 * 1024).toBeGreaterThan(largest)
  }
})

test('visitors are counted by their address: all people are one consumer', () => {
  for (const route of routesOf(file)) {
    expect(effective('rate-limiting', route.plugins).limit_by).toBe('ip')
  }
  expect(effective('rate-limiting', only('POST', '/v1/auth/recovery/start')?.plugins).minute).toBeLessThan(
    100,
  )
})

test('the socket passes without a token, pages go to auth, and nothing else is to be had', () => {
  expect(only('GET', '/v1/chat/socket')).toMatchObject({ service: 'chat', name: 'socket' })
  expect(only('GET', '/v1/chat/socket')?.plugins).toBeUndefined()
  expect(only('GET', '/.well-known/jwks.json')).toMatchObject({ service: 'keys' })
  for (const page of ['/', '/chats/abc', '/assets/index-1.js', '/healthz', '/v2', '/metricsystem']) {
    expect([page, only('GET', page)?.name]).toEqual([page, 'pages'])
  }
  const closed = [
    '/internal/verifySession',
    '/metrics',
    '/v1',
    '/v1/auth/login/start/',
    '/v1/nothing',
    '/.well-known/other',
    '/v1/accounts/a/b',
  ]
  for (const path of closed) expect([path, only('GET', path)?.name]).toEqual([path, 'nothing-else'])
  expect(namesOf(only('GET', '/v1')?.plugins)).toEqual(['request-termination'])
  for (const path of ['/internal/verifySession', '/', '/v1/nothing', '/v1/auth/devices/replace/x']) {
    expect([path, only('POST', path)]).toEqual([path, undefined])
  }
})

test('Kong finds the key of a token of ours, and what it verifies of it is there', async () => {
  const [consumer, ...others] = file.consumers
  expect(others).toEqual([])
  expect(consumer?.jwt_secrets.map(({ key }) => key)).toEqual(keys.map(({ kid }) => kid))
  const tokens = createAccessTokens(
    {
      sign: async (claims, typ) =>
        new SignJWT(claims)
          .setProtectedHeader({ alg: 'RS256', typ, kid: keys[1]?.kid ?? '' })
          .sign(second.privateKey),
      publicKey: async kid => keys.find(key => key.kid === kid),
      jwks: async () => ({ keys }),
    },
    () => 'https://chat.example.org',
    systemClock,
  )
  const session = { accountId: 'a', deviceId: 'd', sessionId: 's' } as Parameters<typeof tokens.issue>[0]
  const { accessToken } = await tokens.issue(session)
  const config = effective('jwt', only('GET', '/v1/auth/devices')?.plugins)
  const [head = '', claims = '', signature = ''] = accessToken.split('.')
  const payload = JSON.parse(Buffer.from(claims, 'base64url').toString())

  // A claim of that name would come before the header.
  expect(payload[config.key_claim_name]).toBeUndefined()
  const header = decodeProtectedHeader(accessToken)
  const found = consumer?.jwt_secrets.find(({ key }) => key === header[config.key_claim_name as 'kid'])
  expect(found?.algorithm).toBe(header.alg)
  const verifier = createVerify('RSA-SHA256').update(`${head}.${claims}`)
  expect(verifier.verify(createPublicKey(found?.rsa_public_key ?? ''), signature, 'base64url')).toBe(true)
  // Kong refuses a token that lacks what it is to verify.
  for (const claim of config.claims_to_verify) expect(payload[claim]).toBeTypeOf('number')
  expect(payload.exp - Date.now() / 1000).toBeLessThan(config.maximum_expiration)
  expect([config.uri_param_names, config.cookie_names]).toEqual([[], []])
})

test('what is written as YAML is read as what it was', () => {
  const tree: Plain = {
    text: 'a: "b"\n# c\t\u{1F600}',
    yes: 'yes',
    empty: { nothing: {}, none: [] },
    lists: [
      [1, 2],
      [{ a: true, b: { c: [{ d: 'e' }] } }, 'f'],
    ],
    list: [{ first: 1, second: ['x', '~/y$'] }, { third: {} }],
  }
  expect(parse(toYaml(tree))).toEqual(tree)
})
