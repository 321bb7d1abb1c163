import { accountIdSchema, deviceIdSchema, LIMITS, ProtocolError } from '@entangle/protocol'
import { importJWK, jwtVerify } from 'jose'
import { z } from 'zod'
import type { Clock } from '../ports/clock.ts'
import type { DeviceSession, SessionId } from '../ports/session-verifier.ts'
import { TOKEN_ALGORITHM, type TokenKeys } from '../ports/token-keys.ts'

const TYPE = 'at+jwt'
/** Tokens that are remembered as genuine. */
const KNOWN_LIMIT = 20_000
const AUDIENCE = 'entangle'

const claimsSchema = z.object({
  sub: accountIdSchema,
  exp: z.int(),
  device: deviceIdSchema,
  sid: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .transform(value => value as SessionId),
})

export type AccessTokens = {
  issue(
    session: DeviceSession,
  ): Promise<{ readonly accessToken: string; readonly accessTokenExpiresAt: number }>
  /** Throws AUTH_TOKEN_INVALID. Says nothing about whether the session was closed since. */
  parse(token: string): Promise<DeviceSession>
}

/** Access tokens after RFC 9068: ten minutes, RS256 and nothing else. */
export function createAccessTokens(keys: TokenKeys, issuer: () => string, clock: Clock): AccessTokens {
  /** Every request is verified; what a key id stands for never changes. */
  const imported = new Map<string, ReturnType<typeof importJWK>>()

  /** The same token comes with every request of ten minutes: its signature is checked once. */
  const known = new Map<string, { readonly session: DeviceSession; readonly expiresAt: number }>()

  const publicKey = async (kid: string | undefined): ReturnType<typeof importJWK> => {
    const jwk = kid === undefined ? undefined : await keys.publicKey(kid)
    if (kid === undefined || jwk === undefined) throw new ProtocolError('AUTH_TOKEN_INVALID')
    const key = imported.get(kid) ?? importJWK(jwk, TOKEN_ALGORITHM)
    imported.set(kid, key)
    return key
  }

  return {
    async issue({ accountId, deviceId, sessionId }) {
      const issuedAt = Math.floor(clock.now() / 1000)
      const expiresAt = issuedAt + LIMITS.accessTokenLifetimeMs / 1000
      const claims = { device: deviceId, sid: sessionId, sub: accountId, iss: issuer(), aud: AUDIENCE }
      const accessToken = await keys.sign({ ...claims, iat: issuedAt, exp: expiresAt }, TYPE)
      return { accessToken, accessTokenExpiresAt: expiresAt * 1000 }
    },
    async parse(token) {
      const genuine = known.get(token)
      if (genuine !== undefined && genuine.expiresAt > clock.now()) return genuine.session
      try {
        const { payload } = await jwtVerify(token, async header => publicKey(header.kid), {
          algorithms: [TOKEN_ALGORITHM],
          typ: TYPE,
          audience: AUDIENCE,
          issuer: issuer(),
          requiredClaims: ['exp', 'iat'],
          currentDate: new Date(clock.now()),
        })
        const { sub, device, sid, exp } = claimsSchema.parse(payload)
        const session: DeviceSession = { accountId: sub, deviceId: device, sessionId: sid }
        if (known.size >= KNOWN_LIMIT) known.clear()
        known.set(token, { session, expiresAt: exp * 1000 })
        return session
      } catch (cause) {
        // Where the keys cannot be asked for, nobody knows whether the token is good.
        if (cause instanceof ProtocolError) throw cause
        throw new ProtocolError('AUTH_TOKEN_INVALID', {}, { cause })
      }
    },
  }
}
