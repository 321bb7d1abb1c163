import { LIMITS, OPERATIONS, type OperationName } from '@entangle/protocol'
import { type Cluster, missingForCluster } from '@entangle/testkit/cluster'
import { findKong } from '@entangle/testkit/services'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PER_ADDRESS } from '../../src/http/rate-limits.ts'
import { openCluster } from '../support/cluster.ts'
import { makePair, Person } from '../support/person.ts'
import { Socket } from '../support/socket.ts'

const hasKong = findKong() !== undefined
if (!hasKong)
  process.stderr.write('- What a Kong does before the services was left out: there is none here.\n')

const body = (text: string) => new TextEncoder().encode(text)
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** NGINX, Kong and the services; these count nothing, so that every refusal for a limit is Kong's. */
describe.skipIf(!hasKong || missingForCluster().length > 0)('a real Kong before the services', () => {
  let cluster: Cluster
  let person: Person

  beforeAll(async () => {
    cluster = await openCluster({ withKong: true })
    person = await Person.signUp(cluster.url)
  }, 300_000)

  afterAll(async () => {
    await cluster?.dispose()
  }, 60_000)

  const ask = (path: string, init: RequestInit = {}) =>
    fetch(cluster.url + path, { ...init, signal: AbortSignal.timeout(30_000) })
  const withToken = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })
  const post = (name: OperationName, bytes: Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
    ask(OPERATIONS[name].path, { method: 'POST', headers, body: bytes })
  /** The services speak of codes; this is Kong's own way to put it. */
  const saidByKong = async (answer: Response) => /^\{\s*"message"/.test(await answer.text())

  test('two people sign up, find each other and talk through it', async () => {
    const { ann, ben, conversationId } = await makePair(cluster.url)
    const [from, to] = [await Socket.connect(ann.api), await Socket.connect(ben.api)]
    await from.send(from.frame(conversationId, body('through all of them')))
    await to.until(() => to.delivered.some(event => textOf(event.body) === 'through all of them'))
    from.close()
    to.close()
  })

  test('a token is judged before the services: none, a broken one, a stranger’s, an old one, one in the address', async () => {
    const { path } = OPERATIONS.listDevices
    const token = person.api.accessToken ?? ''
    const [header = '', claims = '', signature = ''] = token.split('.')
    const said = JSON.parse(Buffer.from(claims, 'base64url').toString())
    const old = base64url({ ...said, exp: 1_000_000_000 })
    const unsigned = base64url({
      alg: 'none',
      kid: JSON.parse(Buffer.from(header, 'base64url').toString()).kid,
    })
    const refused = [
      await ask(path),
      await ask(path, withToken('nonsense')),
      await ask(path, withToken(`${header}.${old}.${signature}`)),
      await ask(path, withToken(`${base64url({ alg: 'RS256', kid: 'of nobody' })}.${claims}.${signature}`)),
      await ask(path, withToken(`${unsigned}.${claims}.`)),
      await ask(`${path}?jwt=${token}`),
      await ask(path, { headers: { cookie: `jwt=${token}` } }),
    ]
    expect(refused.map(({ status }) => status)).toEqual(refused.map(() => 401))
    expect(await Promise.all(refused.map(saidByKong))).toEqual(refused.map(() => true))
    expect((await ask(path, withToken(token))).status).toBe(200)
  })

  test('what is no operation and no page stays closed, however it is spelled', async () => {
    const paths = ['/metrics', '/internal/readTokenKeys', '/%69nternal/readTokenKeys', '/v1/auth/nothing']
    const answers = await Promise.all(paths.flatMap(path => [ask(path), ask(path, { method: 'POST' })]))
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 404))
    expect(await Promise.all(answers.map(saidByKong))).toEqual(answers.map(() => true))
    expect((await ask('/healthz')).status).toBe(200)
    expect((await ask('/v1/openapi.json')).status).toBe(200)
    expect((await ask('/.well-known/jwks.json')).status).toBe(200)
  })

  test('bodies are as large as the operation allows, told beforehand or not', async () => {
    const over = new Uint8Array(LIMITS.httpBodyBytes + 1)
    const refused = await post('startLogin', over)
    expect([refused.status, await saidByKong(refused)]).toEqual([413, true])
    const unannounced = await ask(OPERATIONS.startLogin.path, {
      method: 'POST',
      body: new ReadableStream({
        start(stream) {
          stream.enqueue(over)
          stream.close()
        },
      }),
      duplex: 'half',
    })
    expect(unannounced.status).toBe(413)
    // A registration carries an identity, and may be larger: it is the service that cannot read this one.
    const answer = await post('finishRegistration', over, { 'content-type': 'application/cbor' })
    expect([answer.status, await saidByKong(answer)]).toEqual([400, false])
  })

  test('limits count visitors, and not what they say of themselves', async () => {
    const { capacity, perMinute } = PER_ADDRESS.startRecovery ?? { capacity: 0, perMinute: 0 }
    const allowed = capacity + perMinute
    const answers: Response[] = []
    for (let count = 0; count < 2 * allowed + 1; count++) {
      const headers = { 'x-forwarded-for': `203.0.113.${String(count)}` }
      answers.push(await post('startRecovery', new Uint8Array(), headers))
    }
    // A minute may end among them, and no more than one.
    const refused = answers.filter(({ status }) => status === 429)
    expect(refused.length).toBeGreaterThan(0)
    expect(refused.length).toBeLessThanOrEqual(allowed + 1)
    const [first] = refused
    expect(first && (await saidByKong(first))).toBe(true)
  })

  test('it tells nobody what it is', async () => {
    const answers = [await ask('/healthz'), await ask('/metrics'), await ask(OPERATIONS.listDevices.path)]
    const telling = answers.flatMap(({ headers }) =>
      [...headers].filter(([name, value]) => /kong/i.test(`${name} ${value}`)),
    )
    expect(telling).toEqual([])
  })

  test('a key that is replaced is known to it before it signs anything, and the one before it stays', async () => {
    const keys = async (): Promise<string[]> => {
      const answer = await fetch(`${cluster.kong?.adminUrl ?? ''}/jwts`)
      const { data } = (await answer.json()) as { data: { key: string }[] }
      return data.map(({ key }) => key)
    }
    const before = await keys()
    expect(before).toHaveLength(1)
    await cluster.keys[0]?.command('rotate-signing-key')
    // Processes look at their keys every minute, and whoever follows them every half of one.
    await expect.poll(keys, { timeout: 120_000, interval: 1000 }).toHaveLength(2)
    expect(await keys()).toEqual(expect.arrayContaining(before))
    expect((await ask(OPERATIONS.listDevices.path, withToken(person.api.accessToken ?? ''))).status).toBe(200)
  }, 150_000)
})
