import { LIMITS, OPERATIONS, type Operation, type OperationName, ProtocolError } from '@entangle/protocol'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { SessionVerifier } from '../ports/session-verifier.ts'
import { encodeAnswer, wantsCbor } from './body-codec.ts'
import type { Origins } from './origins.ts'
import type { RateLimits } from './rate-limits.ts'
import { readRefreshCookie, writeRefreshCookie } from './refresh-cookie.ts'
import type { AnonymousCall, DeviceCall, Handlers } from './route.ts'

type Dependencies = {
  readonly handlers: Handlers
  readonly sessions: SessionVerifier
  readonly limits: RateLimits
  readonly origins: Origins
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)

/** Path parameters and, on GET, the query are fields of the request; the path wins over the body. */
function gatherFields(operation: Operation, request: FastifyRequest): unknown {
  const params = isRecord(request.params) ? request.params : {}
  const rest = operation.method === 'GET' ? request.query : (request.body ?? {})
  return isRecord(rest) ? { ...rest, ...params } : rest
}

function bearerToken(request: FastifyRequest): string {
  const match = /^Bearer ([\w.-]{1,4096})$/.exec(request.headers.authorization ?? '')
  if (match?.[1] === undefined) throw new ProtocolError('AUTH_REQUIRED')
  return match[1]
}

type AnyHandler = (request: unknown, call: DeviceCall | AnonymousCall) => Promise<unknown>

async function serve(
  name: OperationName,
  dependencies: Dependencies,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const operation: Operation = OPERATIONS[name]
  // Also where no cookie is read: a foreign page must not sign its visitor in as somebody else.
  if (operation.method !== 'GET' && !dependencies.origins.allows(request.headers.origin)) {
    throw new ProtocolError('ORIGIN_REFUSED')
  }
  await dependencies.limits.checkAddress(name, request.ip)
  const base: AnonymousCall = {
    requestId: request.id,
    address: request.ip,
    refreshToken: readRefreshCookie(request),
    setRefreshToken: token => writeRefreshCookie(reply, token),
  }
  let call: AnonymousCall | DeviceCall = base
  if (operation.auth === 'device') {
    const session = await dependencies.sessions.verify(bearerToken(request))
    await dependencies.limits.checkAccount(name, session.accountId)
    call = { ...base, session }
  }
  const fields = operation.request.safeParse(gatherFields(operation, request))
  if (!fields.success) throw new ProtocolError('REQUEST_MALFORMED', {}, { cause: fields.error })
  // The handler's own type is tied to its operation by `Handlers`; here only the name is known.
  const answer = await (dependencies.handlers[name] as AnyHandler)(fields.data, call)
  const { type, body } = encodeAnswer(answer, wantsCbor(request.headers.accept))
  return reply.header('content-type', type).header('cache-control', 'no-store').send(body)
}

export function mountOperations(app: FastifyInstance, dependencies: Dependencies): void {
  for (const name of Object.keys(OPERATIONS) as OperationName[]) {
    const operation: Operation = OPERATIONS[name]
    app.route({
      method: operation.method,
      url: operation.path,
      bodyLimit: operation.bodyLimitBytes ?? LIMITS.httpBodyBytes,
      config: { operation: name },
      handler: (request, reply) => serve(name, dependencies, request, reply),
    })
  }
}
