import { z } from 'zod'

/** Kong 3.9's declarative format, as far as ours goes: whatever is not named here is a mistake. */

const name = z.string().regex(/^[\w.~-]+$/)
const protocols = z.array(z.enum(['http', 'https'])).min(1)
const positive = z.int().positive()
const count = z.int().min(0).max(255)

const plugin = <Name extends string, Config extends z.ZodType>(named: Name, config: Config) =>
  z.strictObject({ name: z.literal(named), config })

const pluginSchema = z.discriminatedUnion('name', [
  plugin(
    'jwt',
    z.strictObject({
      key_claim_name: z.string(),
      claims_to_verify: z.array(z.enum(['exp', 'nbf'])),
      maximum_expiration: z.int().min(0).max(31_536_000),
      uri_param_names: z.array(z.string()),
      cookie_names: z.array(z.string()),
      header_names: z.array(z.string()),
      run_on_preflight: z.boolean(),
    }),
  ),
  plugin(
    'rate-limiting',
    z.strictObject({
      minute: positive,
      limit_by: z.enum(['consumer', 'credential', 'ip', 'service', 'header', 'path']),
      policy: z.enum(['local', 'redis']),
      hide_client_headers: z.boolean(),
    }),
  ),
  plugin(
    'request-size-limiting',
    z.strictObject({
      allowed_payload_size: positive,
      size_unit: z.enum(['bytes', 'kilobytes', 'megabytes']),
      require_content_length: z.boolean(),
    }),
  ),
  plugin(
    'prometheus',
    z.strictObject({
      status_code_metrics: z.boolean(),
      latency_metrics: z.boolean(),
      upstream_health_metrics: z.boolean(),
    }),
  ),
  plugin(
    'request-termination',
    z.strictObject({ status_code: z.int().min(100).max(599), message: z.string() }),
  ),
])

const routeSchema = z.strictObject({
  name,
  methods: z.array(z.string().regex(/^[A-Z]+$/)).min(1),
  paths: z.array(z.string().regex(/^~?\//)).length(1),
  protocols,
  strip_path: z.boolean(),
  preserve_host: z.boolean(),
  // Kong computes with it as with a number without a sign.
  regex_priority: z.int().min(0),
  plugins: z.array(pluginSchema).optional(),
})

const statuses = z.array(z.int().min(100).max(999))
const seconds = z.int().min(0).max(65_535)
const healthChecksSchema = z.strictObject({
  active: z.strictObject({
    type: z.enum(['tcp', 'http', 'https']),
    http_path: z.string().startsWith('/'),
    timeout: seconds,
    concurrency: positive,
    healthy: z.strictObject({ interval: seconds, successes: count, http_statuses: statuses }),
    unhealthy: z.strictObject({
      interval: seconds,
      http_failures: count,
      tcp_failures: count,
      timeouts: count,
      http_statuses: statuses,
    }),
  }),
  passive: z.strictObject({
    type: z.enum(['tcp', 'http', 'https']),
    healthy: z.strictObject({ successes: count }),
    unhealthy: z.strictObject({ http_failures: count, tcp_failures: count, timeouts: count }),
  }),
})

export const kongFileSchema = z.strictObject({
  _format_version: z.literal('3.0'),
  upstreams: z.array(
    z.strictObject({
      name,
      algorithm: z.enum(['round-robin', 'least-connections', 'consistent-hashing', 'latency']),
      healthchecks: healthChecksSchema,
      targets: z
        .array(
          z.strictObject({
            target: z.string().regex(/^[\w.-]+:\d{1,5}$/),
            weight: z.int().min(0).max(65_535),
          }),
        )
        .min(1),
    }),
  ),
  services: z.array(
    z.strictObject({
      name,
      protocol: z.enum(['http', 'https']),
      host: z.string(),
      port: z.int().min(0).max(65_535),
      connect_timeout: positive,
      read_timeout: positive,
      write_timeout: positive,
      retries: z.int().min(0).max(32_767),
      routes: z.array(routeSchema).min(1),
    }),
  ),
  consumers: z.array(
    z.strictObject({
      username: z.string(),
      jwt_secrets: z
        .array(
          z.strictObject({
            key: z.string().min(1),
            algorithm: z.literal('RS256'),
            secret: z.string().min(1),
            rsa_public_key: z.string().startsWith('-----BEGIN PUBLIC KEY-----\n'),
          }),
        )
        .min(1),
    }),
  ),
  plugins: z.array(pluginSchema),
})

export type KongFile = z.infer<typeof kongFileSchema>
export type KongPlugin = z.infer<typeof pluginSchema>
export type KongRoute = z.infer<typeof routeSchema> & { readonly service: string }

export const routesOf = (file: KongFile): KongRoute[] =>
  file.services.flatMap(service => service.routes.map(route => ({ ...route, service: service.name })))

/**
 * Which routes Kong's router would take for a request, in its order: regular expressions first, by their priority, then
 * the longest beginning of the path. Every route of ours names methods and one path, so nothing else decides. More than
 * one means that chance decides.
 */
export function chooseRoutes(file: KongFile, method: string, path: string): KongRoute[] {
  const rank = ({ paths: [own = ''], regex_priority }: KongRoute) =>
    own.startsWith('~') ? 1_000_000 * (1 + regex_priority) : own.length
  const fits = ({ methods, paths: [own = ''] }: KongRoute) =>
    methods.includes(method) &&
    (own.startsWith('~') ? new RegExp(`^${own.slice(1)}`).test(path) : path.startsWith(own))
  const found = routesOf(file).filter(fits)
  const best = Math.max(...found.map(rank))
  return found.filter(route => rank(route) === best)
}
