import { createPublicKey } from 'node:crypto'
import type { JWK } from 'jose'
import { TOKEN_ALGORITHM } from '../ports/token-keys.ts'
import { PLUGINS_FOR_ALL, routesOf } from './kong-routes.ts'
import type { Plain } from './yaml.ts'

const SERVICES = ['auth', 'keys', 'chat'] as const

export type KongTargets = Readonly<Record<(typeof SERVICES)[number], readonly string[]>>

const upstreamName = (service: string): string => `${service}.entangle.internal`

/**
 * Asked whether they are ready, every two seconds. What visitors meet counts for nothing: a drain closes many WebSockets
 * at once, and would take a process out for everybody.
 */
const HEALTH_CHECKS: Plain = {
  active: {
    type: 'http',
    http_path: '/readyz',
    timeout: 2,
    concurrency: 10,
    healthy: { interval: 2, successes: 1, http_statuses: [200] },
    unhealthy: { interval: 2, http_failures: 2, tcp_failures: 2, timeouts: 3, http_statuses: [500, 503] },
  },
  passive: {
    type: 'http',
    healthy: { successes: 0 },
    unhealthy: { http_failures: 0, tcp_failures: 0, timeouts: 0 },
  },
}

const upstream = (service: string, targets: readonly string[]): Plain => ({
  name: upstreamName(service),
  algorithm: 'least-connections',
  healthchecks: HEALTH_CHECKS,
  targets: targets.map(target => ({ target, weight: 100 })),
})

const serviceOf = (service: (typeof SERVICES)[number]): Plain => ({
  name: service,
  protocol: 'http',
  host: upstreamName(service),
  port: 80,
  // In milliseconds. Pings of a WebSocket come every 25 seconds.
  connect_timeout: 2000,
  read_timeout: 75_000,
  write_timeout: 75_000,
  // Of what could not be connected; a request that was sent is not sent again.
  retries: 2,
  routes: routesOf(service),
})

function credential(jwk: JWK): Plain {
  const key = createPublicKey({ key: { ...jwk }, format: 'jwk' })
  const kid = jwk.kid ?? ''
  return {
    key: kid,
    // Left to itself Kong takes HS256.
    algorithm: TOKEN_ALGORITHM,
    // There has to be one. It is for that other algorithm, and never looked at.
    secret: kid,
    rsa_public_key: key.export({ type: 'spki', format: 'pem' }).toString(),
  }
}

/** A declarative file of Kong 3, for a Kong without a database. */
export const describeForKong = (keys: readonly JWK[], targets: KongTargets): Plain => ({
  _format_version: '3.0',
  upstreams: SERVICES.map(service => upstream(service, targets[service])),
  services: SERVICES.map(serviceOf),
  // All tokens are one consumer's: who it is that calls, only the services know.
  consumers: [{ username: 'entangle', jwt_secrets: keys.map(credential) }],
  plugins: PLUGINS_FOR_ALL,
})
