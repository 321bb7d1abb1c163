import { LIMITS, OPERATIONS, type Operation, type OperationName, ProtocolError } from '@entangle/protocol'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { SessionVerifier } from '../ports/session-verifier.ts'
import { encodeAnswer, wantsCbor } from './body-codec.ts'
import type { Origins } from './origins.ts'
import type { RateLimits } from './rate-limits.ts'
import { readRefreshCookie, writeRefreshCookie } from './refresh-cookie.ts'
import type { AnonymousCall, DeviceCall, Handlers } from './route.ts'

type Dependencies = {
  /** Of the services that run here. */
  readonly handlers: Partial<Handlers>
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

function bearerToken(authorization: string | undefined): string {
  const match = /^Bearer ([\w.-]{1,4096})$/.exec(authorization ?? '')
  if (match?.[1] === undefined) throw new ProtocolError('AUTH_REQUIRED')
  return match[1]
}

/** A call as it arrives, whatever has brought it. */
export type ArrivedCall = AnonymousCall & {
  readonly authorization: string | undefined
  /** Path parameters, query and body together, not yet checked. */
  readonly fields: unknown
}

type AnyHandler = (request: unknown, call: DeviceCall | AnonymousCall) => Promise<unknown>

/** Who calls, within which limits, with what: then the handler. Throws ProtocolError, and whatever a handler throws. */
export async function performOperation(
  name: OperationName,
  { handlers, sessions, limits }: Pick<Dependencies, 'handlers' | 'sessions' | 'limits'>,
  { authorization, fields, ...base }: ArrivedCall,
): Promise<unknown> {
  const operation: Operation = OPERATIONS[name]
  await limits.checkAddress(name, base.address)
  let call: AnonymousCall | DeviceCall = base
  if (operation.auth === 'device') {
    const session = await sessions.verify(bearerToken(authorization))
    await limits.checkAccount(name, session.accountId)
    call = { ...base, session }
  }
  const checked = operation.request.safeParse(fields)
  if (!checked.success) throw new ProtocolError('REQUEST_MALFORMED', {}, { cause: checked.error })
  const handler = handlers[name]
  if (handler === undefined) throw new ProtocolError('ROUTE_NOT_FOUND')
  // The handler's own type is tied to its operation by `Handlers`; here only the name is known.
  return (handler as AnyHandler)(checked.data, call)
}

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
  const answer = await performOperation(name, dependencies, {
    requestId: request.id,
    address: request.ip,
    userAgent: request.headers['user-agent'],
    authorization: request.headers.authorization,
    refreshToken: readRefreshCookie(request),
    setRefreshToken: token => writeRefreshCookie(reply, token),
    fields: gatherFields(operation, request),
  })
  const { type, body } = encodeAnswer(answer, wantsCbor(request.headers.accept))
  return reply.header('content-type', type).header('cache-control', 'no-store').send(body)
}

export function mountOperations(app: FastifyInstance, dependencies: Dependencies): void {
  for (const name of Object.keys(OPERATIONS) as OperationName[]) {
    if (dependencies.handlers[name] === undefined) continue
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
