import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { parseConfig, SERVICES, SETTINGS } from '../../src/index.ts'
import { isDeployed, isPinned, readDeployed, readEnv, readYaml } from '../support/deploy-files.ts'

const names = z.array(z.string())
const environment = z.record(z.string(), z.string())

/** Of Compose's format what is used here; a key that is not named is a mistake. */
const serviceSchema = z.strictObject({
  image: z.string(),
  build: z.string().optional(),
  command: names.optional(),
  init: z.literal(true).optional(),
  restart: z.literal('unless-stopped'),
  read_only: z.boolean().optional(),
  cap_drop: names.optional(),
  security_opt: names.optional(),
  tmpfs: names.optional(),
  shm_size: z.string().optional(),
  ulimits: z.strictObject({ nofile: z.int() }).optional(),
  stop_grace_period: z.string().optional(),
  deploy: z.strictObject({ replicas: z.int() }).optional(),
  depends_on: z
    .record(z.string(), z.strictObject({ condition: z.enum(['service_started', 'service_healthy']) }))
    .optional(),
  networks: names.optional(),
  network_mode: z.string().optional(),
  ports: names.optional(),
  environment: environment.optional(),
  volumes: names.optional(),
  secrets: names.optional(),
  healthcheck: z
    .strictObject({
      disable: z.boolean().optional(),
      test: names.optional(),
      interval: z.string().optional(),
      timeout: z.string().optional(),
      start_period: z.string().optional(),
      start_interval: z.string().optional(),
    })
    .optional(),
})
const composeSchema = z.looseObject({
  services: z.record(z.string(), serviceSchema),
  networks: z.record(z.string(), z.looseObject({ internal: z.boolean().optional() })),
  volumes: z.record(z.string(), z.strictObject({})),
  secrets: z.record(
    z.string(),
    z.strictObject({ environment: z.string().optional(), file: z.string().optional() }),
  ),
})

const [document] = readYaml('compose/compose.yaml')
const compose = composeSchema.parse(document)
const services = Object.entries(compose.services)
const ours = services.filter(([, { image }]) => image.startsWith('entangle:'))
const used = (key: 'volumes' | 'secrets' | 'networks') =>
  new Set(services.flatMap(([, service]) => service[key] ?? []).map(entry => entry.split(':')[0] ?? ''))

/** What prepare.sh writes, with a value for every variable. */
const prepared = Object.fromEntries(
  Object.keys(readEnv(readDeployed('compose/prepare.sh'))).map(name => [name, 'abc']),
)
const settings = { ...prepared, PUBLIC_URL: 'https://chat.example.org', REGISTRATION: 'closed' }
const interpolate = (text: string) =>
  text.replaceAll(
    /\$\{(\w+)(?::([-?])([^}]*))?\}/g,
    (_, name: string, kind: string | undefined, rest: string) => {
      const value = (settings as Readonly<Record<string, string>>)[name] ?? (kind === '-' ? rest : undefined)
      if (value === undefined) throw new Error(`prepare.sh does not write ${name}`)
      return value
    },
  )

test('every variable is written by prepare.sh or has a default, and none is written in vain', () => {
  const text = readDeployed('compose/compose.yaml')
  interpolate(text)
  for (const name of Object.keys(prepared)) expect(text).toContain(name)
})

test('every process of ours has settings that exist and that it starts with', () => {
  expect(ours.map(([name]) => name).sort()).toEqual(['auth', 'chat', 'keys', 'kong-follow'])
  for (const [name, { command = [], environment = {} }] of ours) {
    for (const setting of Object.keys(environment)) expect(Object.keys(SETTINGS)).toContain(setting)
    const values = Object.entries(environment).map(([key, value]) => [key, interpolate(value)] as const)
    const service = SERVICES.find(known => known === command[1]) ?? 'all'
    const image = name === 'kong-follow' ? {} : { HOST: '0.0.0.0' }
    expect(() => parseConfig({ ...image, ...Object.fromEntries(values) }, service)).not.toThrow()
    expect(command).toEqual(name === 'kong-follow' ? ['kong-follow'] : ['serve', name])
  }
})

test('whoever is named is there, and listens where it is asked', () => {
  const hostsOf = (value: string) =>
    [...value.matchAll(/(?:^|[/@,])([a-z][a-z0-9-]*):(\d+)/g)].map(
      ([, host = '', port = '']) => [host, port] as const,
    )
  const ports: Readonly<Record<string, readonly string[]>> = {
    auth: ['8420', '8421'],
    keys: ['8420', '8421'],
    chat: ['8420', '8421'],
    postgres: ['5432'],
    redis: ['6379'],
    'kafka-1': ['9092', '9093'],
    'kafka-2': ['9092', '9093'],
    'kafka-3': ['9092', '9093'],
  }
  let seen = 0
  for (const [, { environment = {}, depends_on = {} }] of services) {
    for (const name of Object.keys(depends_on)) expect(compose.services).toHaveProperty(name)
    for (const [host, port] of Object.values(environment).flatMap(hostsOf)) {
      expect([host, ports[host]]).toEqual([host, expect.arrayContaining([port])])
      seen += 1
    }
  }
  expect(seen).toBeGreaterThan(20)
})

test('volumes, secrets and networks are declared and used, and files that are mounted exist', () => {
  const isFile = (source: string) => source.startsWith('.')
  expect([...used('volumes')].filter(source => !isFile(source)).sort()).toEqual(
    Object.keys(compose.volumes).sort(),
  )
  expect([...used('secrets')].sort()).toEqual(Object.keys(compose.secrets).sort())
  expect([...used('networks')].sort()).toEqual(Object.keys(compose.networks).sort())
  for (const source of [...used('volumes')].filter(isFile))
    expect([source, isDeployed(join('compose', source))]).toEqual([source, true])
  expect(
    isDeployed(join(dirname('compose/compose.yaml'), compose.services['auth']?.build ?? '', 'Dockerfile')),
  ).toBe(true)
})

test('images are pinned, and only NGINX is to be reached from outside', () => {
  for (const [, { image }] of services) {
    expect([image, image.startsWith('entangle:') || isPinned(image)]).toEqual([image, true])
  }
  expect(services.filter(([, { ports }]) => ports !== undefined).map(([name]) => name)).toEqual(['nginx'])
  const outside = services.filter(([, { networks }]) => networks?.includes('outside')).map(([name]) => name)
  expect(outside).toEqual(['nginx'])
  expect(compose.networks['inside']?.internal).toBe(true)
  expect(compose.services['kong']?.environment).toMatchObject({
    KONG_ADMIN_LISTEN: '127.0.0.1:8001',
    KONG_ADMIN_GUI_LISTEN: 'off',
  })
})

test('every service says how it is, and whoever waits for that waits for one that does', () => {
  for (const [name, { healthcheck, image }] of services) {
    // Ours bring theirs in the image.
    if (!image.startsWith('entangle:'))
      expect([name, healthcheck?.test?.length]).toEqual([name, expect.any(Number)])
  }
  expect(readDeployed('../Dockerfile')).toContain('HEALTHCHECK')
})
