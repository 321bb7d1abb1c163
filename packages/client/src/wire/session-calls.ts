import { type OperationName, ProtocolError, type Session } from '@entangle/protocol'
import type { Clock } from '../ports/clock.ts'
import { NetworkError } from '../ports/transport.ts'
import type { AnswerOf, Call, RequestOf } from './api-client.ts'

/** A token is replaced this long before it runs out. */
const RENEW_EARLY_MS = 30_000

const ENDED: ReadonlySet<string> = new Set([
  'AUTH_REQUIRED',
  'AUTH_TOKEN_INVALID',
  'AUTH_REFRESH_REUSED',
  'AUTH_DEVICE_UNKNOWN',
])

/** The server says that this session is over: nothing but a new sign-in helps. */
export const endsSession = (error: unknown): boolean =>
  error instanceof ProtocolError && ENDED.has(error.code)

/** A gateway that checks tokens refuses in words of its own: worth another token, but no proof that the session is over. */
const refusesToken = (error: unknown): boolean =>
  error instanceof ProtocolError
    ? error.code === 'AUTH_TOKEN_INVALID'
    : error instanceof NetworkError && error.status === 401

/** Calls in the name of the signed-in device. The access token lives in memory only. */
export function createSessionCalls(input: {
  readonly call: Call
  readonly clock: Clock
  /** The refresh was refused for good. */
  readonly ended: (error: ProtocolError) => void
  readonly renewed: (session: Session) => void
}) {
  const { call, clock, ended, renewed } = input
  let token: { readonly value: string; readonly expiresAt: number } | undefined
  let renewing: Promise<string> | undefined

  const adopt = (session: Session) => {
    // The lifetime is counted on this device's clock, which may differ from the server's.
    token = { value: session.accessToken, expiresAt: clock.now() + 10 * 60_000 }
    if (session.accessTokenExpiresAt > clock.now()) {
      token = {
        value: session.accessToken,
        expiresAt: Math.min(token.expiresAt, session.accessTokenExpiresAt),
      }
    }
    renewed(session)
  }

  const renew = async (): Promise<string> => {
    try {
      const session = await call('refreshSession', {})
      adopt(session)
      return session.accessToken
    } catch (error) {
      if (error instanceof ProtocolError && endsSession(error)) ended(error)
      throw error
    } finally {
      renewing = undefined
    }
  }

  const accessToken = (): Promise<string> => {
    if (token !== undefined && token.expiresAt - RENEW_EARLY_MS > clock.now())
      return Promise.resolve(token.value)
    renewing ??= renew()
    return renewing
  }

  return {
    adopt,
    forget(): void {
      token = undefined
    },
    async call<Name extends OperationName>(name: Name, request: RequestOf<Name>): Promise<AnswerOf<Name>> {
      const used = await accessToken()
      try {
        return await call(name, request, used)
      } catch (error) {
        if (!refusesToken(error)) throw error
        if (token?.value === used) token = undefined
        return call(name, request, await accessToken())
      }
    },
  }
}
export type SessionCalls = ReturnType<typeof createSessionCalls>
