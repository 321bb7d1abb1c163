import { randomUUID } from 'node:crypto'
import { LIMITS, type OperationName } from '@entangle/protocol'
import cookie from '@fastify/cookie'
import { type FastifyInstance, fastify } from 'fastify'
import type { ServerConfig } from '../config.ts'
import type { Log } from '../logging.ts'
import type { ServerMetrics } from '../metrics/server-metrics.ts'
import type { SessionVerifier } from '../ports/session-verifier.ts'
import { CBOR, encodeAnswer, JSON_TYPE, parseBody, wantsCbor } from './body-codec.ts'
import { errorBody, toProtocolError } from './errors.ts'
import { describeApi } from './openapi.ts'
import { mountOperations } from './operations.ts'
import type { Origins } from './origins.ts'
import type { RateLimits } from './rate-limits.ts'
import type { Handlers } from './route.ts'
import { securityHeaders } from './security-headers.ts'
import { mountStaticFiles } from './static-files.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    operation?: OperationName
  }
}

type Dependencies = {
  readonly config: ServerConfig
  readonly log: Log
  readonly origins: Origins
  readonly handlers: Partial<Handlers>
  readonly sessions: SessionVerifier
  readonly limits: RateLimits
  readonly metrics: ServerMetrics
  readonly publicKeys: () => Promise<object>
  /** Throws while the server should get no traffic. */
  readonly checkReady: () => Promise<void>
}

export async function createHttpServer(dependencies: Dependencies): Promise<FastifyInstance> {
  const { config, log, origins, metrics } = dependencies
  const app = fastify({
    logger: false,
    trustProxy: config.trustProxy === false ? false : [...config.trustProxy],
    bodyLimit: LIMITS.httpBodyBytes,
    genReqId: () => randomUUID(),
    requestTimeout: 60_000,
    connectionTimeout: 0,
    keepAliveTimeout: 75_000,
    routerOptions: { maxParamLength: 128, ignoreTrailingSlash: false },
    forceCloseConnections: true,
    return503OnClosing: false,
    // What the library cannot route (a broken address): answered on the bare response, before any hook.
    frameworkErrors: (error, request, reply) => {
      const refused = toProtocolError(error, log, request.id)
      const { type, body } = encodeAnswer(errorBody(refused), false)
      reply.hijack()
      reply.raw.writeHead(refused.status, { ...securityHeaders(origins), 'content-type': type }).end(body)
    },
  })

  app.removeAllContentTypeParsers()
  for (const [type, kind] of [
    [CBOR, 'cbor'],
    [JSON_TYPE, 'json'],
  ] as const) {
    app.addContentTypeParser(type, { parseAs: 'buffer' }, async (_: unknown, body: Buffer) =>
      parseBody(body, kind),
    )
  }

  app.addHook('onRequest', async (request, reply) => {
    reply.headers(securityHeaders(origins)).header('x-request-id', request.id)
  })
  app.addHook('onResponse', async (request, reply) => {
    const operation = request.routeOptions.config.operation
    if (operation === undefined) return
    metrics.request(operation, reply.statusCode, reply.elapsedTime)
    log.info('request', {
      requestId: request.id,
      operation,
      status: reply.statusCode,
      durationMs: Math.round(reply.elapsedTime * 10) / 10,
    })
  })
  app.setErrorHandler(async (error, request, reply) => {
    const refused = toProtocolError(error, log, request.id)
    const { type, body } = encodeAnswer(errorBody(refused), wantsCbor(request.headers.accept))
    const wait = refused.details['retryAfterSeconds']
    if (wait !== undefined) reply.header('retry-after', wait)
    return reply
      .status(refused.status)
      .header('content-type', type)
      .header('cache-control', 'no-store')
      .send(body)
  })

  await app.register(cookie)
  mountOperations(app, dependencies)
  app.get('/v1/openapi.json', async () => describeApi(origins.primary))
  app.get('/.well-known/jwks.json', async (_, reply) => {
    reply.header('cache-control', 'public, max-age=300')
    return dependencies.publicKeys()
  })
  app.get('/healthz', async () => ({ status: 'ok' }))
  app.get('/readyz', async () => {
    await dependencies.checkReady()
    return { status: 'ready' }
  })
  await mountStaticFiles(app, config.webDir)
  return app
}
