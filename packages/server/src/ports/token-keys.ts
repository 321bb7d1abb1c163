import type { JWK, JWTPayload } from 'jose'

/** The keys that sign access tokens, wherever they are. */
export type TokenKeys = {
  /** A compact JWS (RFC 7515) by the newest key. `type` is its `typ`. */
  sign(claims: JWTPayload, type: string): Promise<string>
  /** Of those whose tokens are still accepted the one with this id. */
  publicKey(kid: string): Promise<JWK | undefined>
  /** The JSON Web Key Set (RFC 7517). */
  jwks(): Promise<{ readonly keys: readonly JWK[] }>
}

export const TOKEN_ALGORITHM = 'RS256'
