import { createServer, type Server as HttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { runCommand } from '../src/commands.ts'
import { followKeys } from '../src/gateway/follow-keys.ts'
import { parseConfig } from '../src/index.ts'
import { createLog } from '../src/logging.ts'
import { kongFileSchema } from './support/kong-file.ts'
import { useServer } from './support/server.ts'

const server = useServer()

/** In the place of Kong's administration, which no package here brings: it takes files as that does. */
type Administration = { readonly url: string; readonly files: string[]; readonly paths: string[] }
let kong: Administration
let listening: HttpServer

beforeAll(async () => {
  const [files, paths]: [string[], string[]] = [[], []]
  listening = createServer(async (request, response) => {
    const { config } = JSON.parse(await text(request))
    paths.push(`${request.method} ${request.url}`)
    const isKnown = files.at(-1) === config
    if (!isKnown) files.push(config)
    response.writeHead(isKnown ? 304 : 201).end()
  })
  await new Promise<void>(resolve => listening.listen(0, '127.0.0.1', resolve))
  kong = { url: `http://127.0.0.1:${(listening.address() as AddressInfo).port}`, files, paths }
})
afterAll(() => listening.close())

const configWith = (settings: Readonly<Record<string, string>> = {}) => {
  const target = `127.0.0.1:${server().port}`
  return parseConfig({
    DATA_DIR: server().dataDir,
    AUTH_TARGETS: target,
    // The first of them is not there.
    KEYS_TARGETS: `127.0.0.1:1,${target}`,
    CHAT_TARGETS: target,
    KONG_ADMIN_URL: kong.url,
    ...settings,
  })
}
const keysOf = (file: string) =>
  kongFileSchema.parse(parse(file)).consumers.flatMap(({ jwt_secrets }) => jwt_secrets.map(({ key }) => key))
const publishedKeys = async () => {
  const answer = await fetch(`${server().url}/.well-known/jwks.json`)
  const { keys } = (await answer.json()) as { keys: { kid: string }[] }
  return keys.map(({ kid }) => kid)
}

test('kong-config writes the file with the keys that the server publishes', async () => {
  expect(keysOf(await runCommand(configWith(), ['kong-config']))).toEqual(await publishedKeys())
})

test('kong-config says what it lacks, and that nobody answers', async () => {
  await expect(runCommand(configWith({ CHAT_TARGETS: '' }), ['kong-config'])).rejects.toThrow('CHAT_TARGETS')
  await expect(runCommand(configWith({ KEYS_TARGETS: '127.0.0.1:1' }), ['kong-config'])).rejects.toThrow(
    'KEYS_TARGETS',
  )
})

test('kong-follow hands a Kong the file at once, and goes on while that is away', async () => {
  const lines: string[] = []
  const log = createLog('info', { write: line => void lines.push(line) })
  const follow = async (settings: Readonly<Record<string, string>>) => {
    const stopping = new AbortController()
    const following = followKeys(configWith(settings), log, stopping.signal)
    await expect.poll(() => lines.length, { timeout: 10_000 }).toBe(1)
    stopping.abort()
    await following
    return lines.splice(0)
  }
  expect(await follow({})).toEqual([expect.stringContaining('kong has loaded the file')])
  expect(kong.paths).toEqual(['POST /config?check_hash=1'])
  expect(keysOf(kong.files.at(-1) ?? '')).toEqual(await publishedKeys())
  expect(await follow({ KONG_ADMIN_URL: 'http://127.0.0.1:1' })).toEqual([
    expect.stringContaining('kong is not in step'),
  ])
})
