import { encodeCbor, OPERATIONS, type Operation, type OperationName, ProtocolError } from '@entangle/protocol'
import type { Log } from '../logging.ts'
import type { SessionVerifier } from '../ports/session-verifier.ts'
import { parseBody } from './body-codec.ts'
import { errorBody, toProtocolError } from './errors.ts'
import { performOperation } from './operations.ts'
import type { RateLimits } from './rate-limits.ts'
import type { Handlers } from './route.ts'

export type DirectCall = {
  readonly method: string
  /** Path and query. */
  readonly target: string
  /** CBOR. */
  readonly body: Uint8Array | undefined
  readonly accessToken: string | undefined
  readonly refreshToken: string | undefined
}

export type DirectAnswer = {
  readonly status: number
  /** CBOR. */
  readonly body: Uint8Array
  /** Empty when it ends; undefined when it stays what it was. */
  readonly refreshToken: string | undefined
}

type Dependencies = {
  readonly handlers: Partial<Handlers>
  readonly sessions: SessionVerifier
  readonly limits: RateLimits
  readonly log: Log
}

const ROUTES = (Object.entries(OPERATIONS) as [OperationName, Operation][]).map(
  ([name, { method, path }]) => ({
    name,
    method,
    pattern: new RegExp(`^${path.replace(/:([A-Za-z]+)/g, '(?<$1>[^/]+)')}$`),
  }),
)

function findRoute({ method, target }: DirectCall) {
  const [path = '', query = ''] = target.split('?', 2)
  for (const route of ROUTES) {
    const found = route.method === method ? route.pattern.exec(path) : null
    if (found === null) continue
    const params = Object.entries(found.groups ?? {}).map(([key, value]) => [key, decodeURIComponent(value)])
    return { name: route.name, params: Object.fromEntries(params), query: new URLSearchParams(query) }
  }
  throw new ProtocolError('ROUTE_NOT_FOUND')
}

/**
 * Operations without HTTP around them, for tests that call very many: the same checks and the same answers, but for
 * what only a browser sends and minds.
 */
export function createDirectCalls({ handlers, sessions, limits, log }: Dependencies) {
  return async (call: DirectCall): Promise<DirectAnswer> => {
    let { refreshToken } = call
    const answer = (status: number, value: unknown): DirectAnswer => ({
      status,
      body: encodeCbor(value),
      refreshToken: refreshToken === call.refreshToken ? undefined : (refreshToken ?? ''),
    })
    try {
      const { name, params, query } = findRoute(call)
      const rest = call.method === 'GET' ? Object.fromEntries(query) : parseBody(call.body ?? EMPTY, 'cbor')
      const value = await performOperation(
        name,
        { handlers, sessions, limits },
        {
          requestId: 'direct',
          address: '127.0.0.1',
          userAgent: undefined,
          authorization: call.accessToken === undefined ? undefined : `Bearer ${call.accessToken}`,
          refreshToken: call.refreshToken,
          setRefreshToken: next => {
            refreshToken = next?.token
          },
          fields: typeof rest === 'object' ? { ...rest, ...params } : rest,
        },
      )
      return answer(200, value)
    } catch (error) {
      const refused = toProtocolError(error, log, 'direct')
      return answer(refused.status, errorBody(refused))
    }
  }
}
const EMPTY = new Uint8Array()

export type DirectCalls = ReturnType<typeof createDirectCalls>
