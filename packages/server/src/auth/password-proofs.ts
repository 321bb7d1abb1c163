import { randomBytes } from 'node:crypto'
import { type AccountId, ProtocolError } from '@entangle/protocol'
import { z } from 'zod'
import { idText } from '../database/packed-arrays.ts'
import type { UsersDatabase } from '../database/users-schema.ts'
import { LOGIN_OF_HANDLE, type RateLimits } from '../http/rate-limits.ts'
import type { RequestOf } from '../http/route.ts'
import type { Cache } from '../ports/cache.ts'
import type { OpaqueServer } from './opaque-server.ts'

const LOGIN_LIFETIME_MS = 2 * 60 * 1000

const pendingLoginSchema = z.object({
  handle: z.string(),
  state: z.string(),
  accountId: z.string().nullable(),
})

type Proof = RequestOf<'fetchVault'>['proof']

export type PasswordProofs = {
  start(request: RequestOf<'startLogin'>): Promise<{ loginId: string; loginResponse: string }>
  /** Which account's password was proven. Throws AUTH_LOGIN_EXPIRED, AUTH_CREDENTIALS_WRONG. Good once. */
  check(proof: Proof): Promise<AccountId>
  /** The same, and it must be this account's. */
  checkFor(accountId: AccountId, proof: Proof): Promise<void>
}

type Dependencies = {
  readonly database: UsersDatabase
  readonly opaque: OpaqueServer
  readonly cache: Cache
  readonly limits: RateLimits
}

export function createPasswordProofs({ database, opaque, cache, limits }: Dependencies): PasswordProofs {
  async function check(proof: Proof): Promise<AccountId> {
    const stored = await cache.take(`login:${proof.loginId}`)
    if (stored === undefined) throw new ProtocolError('AUTH_LOGIN_EXPIRED')
    const pending = pendingLoginSchema.parse(JSON.parse(stored))
    const proven = opaque.finishLogin(pending.state, proof.finishLoginRequest)
    if (!proven || pending.accountId === null) throw new ProtocolError('AUTH_CREDENTIALS_WRONG')
    return pending.accountId as AccountId
  }
  return {
    check,
    async start({ handle, startLoginRequest }) {
      await limits.check(`login ${handle}`, LOGIN_OF_HANDLE)
      const account = await database
        .selectFrom('account')
        .select(['id', 'opaque_record'])
        .where('handle', '=', handle)
        .executeTakeFirst()
      const record = account?.opaque_record ?? undefined
      const { state, response } = opaque.startLogin(handle, record, startLoginRequest)
      const loginId = randomBytes(24).toString('base64url')
      const accountId = record === undefined || account === undefined ? null : idText<AccountId>(account.id)
      await cache.set(`login:${loginId}`, JSON.stringify({ handle, state, accountId }), LOGIN_LIFETIME_MS)
      return { loginId, loginResponse: response }
    },
    async checkFor(accountId, proof) {
      if ((await check(proof)) !== accountId) throw new ProtocolError('AUTH_CREDENTIALS_WRONG')
    },
  }
}
