import type { AccountId, DeviceId } from '@entangle/protocol'

export type SessionId = string & { readonly __session: unique symbol }

/** Who is calling, after the access token has been checked. */
export type DeviceSession = {
  readonly accountId: AccountId
  readonly deviceId: DeviceId
  readonly sessionId: SessionId
}

/** What the other services know of auth. */
export type SessionVerifier = {
  /** Access token → session. Throws AUTH_TOKEN_INVALID. */
  verify(accessToken: string): Promise<DeviceSession>
  /** False once the session was closed or its device gave up its place; at most 5 seconds late. */
  isActive(sessionId: SessionId): Promise<boolean>
  /** Those that were closed in the last minute. */
  readEnded(): Promise<readonly SessionId[]>
}
