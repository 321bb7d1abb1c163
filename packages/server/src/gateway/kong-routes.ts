import { LIMITS, OPERATIONS, type Operation, type OperationName } from '@entangle/protocol'
import { ADDRESS_TOTAL, PER_ADDRESS } from '../http/rate-limits.ts'
import type { Bucket } from '../ports/cache.ts'
import type { Plain } from './yaml.ts'

type Service = Operation['service']
type Route = { readonly [key: string]: Plain }
type Plugin = { readonly name: string; readonly config: { readonly [key: string]: Plain } }

/** Kong takes a path for a regular expression where it begins with `~`, and holds it to the path's beginning. */
const exactly = (path: string): string =>
  `~${path.replaceAll('.', '\\.').replaceAll(/:[A-Za-z]+/g, '[^/]+')}$`

const route = (
  name: string,
  methods: readonly string[],
  path: string,
  plugins: readonly Plugin[] = [],
): Route => ({
  name,
  methods,
  paths: [path],
  protocols: ['http', 'https'],
  strip_path: false,
  // Origins, cookies and limits are told apart by what the visitor asked for.
  preserve_host: true,
  regex_priority: 1,
  ...(plugins.length > 0 && { plugins }),
})

/** Wider than the bucket of the services, which counts more finely: what Kong lets through is judged there again. */
const limitAddress = ({ capacity, perMinute }: Bucket): Plugin => ({
  name: 'rate-limiting',
  config: { minute: capacity + perMinute, limit_by: 'ip', policy: 'local', hide_client_headers: true },
})

const limitSize = (bytes: number): Plugin => ({
  name: 'request-size-limiting',
  config: { allowed_payload_size: bytes, size_unit: 'bytes', require_content_length: false },
})

/**
 * The key is found by the `kid` of the header, so that several are good at a time. Only `exp`: Kong refuses a token that
 * lacks a claim named here, and ours have no `nbf`. Audience, issuer, type and session are judged by the services.
 */
const CHECK_TOKEN: Plugin = {
  name: 'jwt',
  config: {
    key_claim_name: 'kid',
    claims_to_verify: ['exp'],
    maximum_expiration: (2 * LIMITS.accessTokenLifetimeMs) / 1000,
    // Left to itself Kong takes tokens out of addresses, which are logged.
    uri_param_names: [],
    cookie_names: [],
    header_names: ['authorization'],
    run_on_preflight: true,
  },
}

function routeOf(name: OperationName): Route {
  const { auth, method, path, bodyLimitBytes }: Operation = OPERATIONS[name]
  const bucket = PER_ADDRESS[name]
  return route(name, [method], exactly(path), [
    ...(auth === 'device' ? [CHECK_TOKEN] : []),
    ...(bucket === undefined ? [] : [limitAddress(bucket)]),
    ...(bodyLimitBytes === undefined ? [] : [limitSize(bodyLimitBytes)]),
  ])
}

/** What is no operation, and no page either. */
const CLOSED: Route = {
  ...route('nothing-else', ['GET', 'HEAD'], '~/(v1|internal|metrics|\\.well-known)(/|$)', [
    {
      name: 'request-termination',
      config: { status_code: 404, message: 'There is nothing at this address.' },
    },
  ]),
  regex_priority: 0,
}

const OTHERS: Readonly<Record<Service, readonly Route[]>> = {
  auth: [
    route('describe', ['GET'], exactly('/v1/openapi.json')),
    CLOSED,
    // The web client, and where to ask how the service is.
    route('pages', ['GET', 'HEAD'], '/'),
  ],
  keys: [route('token-keys', ['GET', 'HEAD'], exactly('/.well-known/jwks.json'))],
  // Let in by a ticket, which the service looks at.
  chat: [route('socket', ['GET'], exactly('/v1/chat/socket'))],
}

export const routesOf = (service: Service): Route[] => [
  ...(Object.keys(OPERATIONS) as OperationName[])
    .filter(name => OPERATIONS[name].service === service)
    .map(routeOf),
  ...OTHERS[service],
]

/** For whatever route has none of its own. */
export const PLUGINS_FOR_ALL: readonly Plugin[] = [
  limitAddress(ADDRESS_TOTAL),
  limitSize(LIMITS.httpBodyBytes),
  {
    name: 'prometheus',
    config: { status_code_metrics: true, latency_metrics: true, upstream_health_metrics: true },
  },
]
