import { expect, test } from 'vitest'
import { ConfigError, parseConfig } from '../../src/config.ts'

test('without any setting it listens on loopback and is open', () => {
  const config = parseConfig({})
  expect(config).toMatchObject({ port: 8420, host: '127.0.0.1', registration: 'open', trustProxy: false })
  expect(config).toMatchObject({ rateLimits: 'on', userDatabaseUrl: undefined, publicUrl: undefined })
})

test('an empty variable counts as not set', () => {
  expect(parseConfig({ PORT: '', PUBLIC_URL: '' }).port).toBe(8420)
})

test('beyond loopback it wants HTTPS, and is closed unless opened', () => {
  expect(() => parseConfig({ HOST: '0.0.0.0' })).toThrow(ConfigError)
  expect(() => parseConfig({ HOST: '0.0.0.0', PUBLIC_URL: 'http://chat.example' })).toThrow(ConfigError)
  const config = parseConfig({ HOST: '0.0.0.0', PUBLIC_URL: 'https://chat.example' })
  expect(config.registration).toBe('closed')
  expect(parseConfig({ PUBLIC_URL: 'https://chat.example', REGISTRATION: 'open' }).registration).toBe('open')
})

test.each([
  ['PORT', '65536'],
  ['PORT', 'http'],
  ['PUBLIC_URL', 'ftp://chat.example'],
  ['RATE_LIMITS', 'off'],
  ['LOG_LEVEL', 'loud'],
  ['REQUIRE_SYNCHRONOUS', 'yes'],
  ['CHAT_REPLICA_URL', 'postgresql://replica/of-nothing'],
])('%s=%s is refused by name', (name, value) => {
  expect(() => parseConfig({ [name]: value })).toThrow(name)
})
