import { createHash, randomBytes } from 'node:crypto'
import { type AccountId, accountIdSchema } from '@entangle/protocol'
import type { Cache } from '../ports/cache.ts'

/** `recovered-enrolment`: the phrase was proven, so the devices that were lost may be left out of the list. */
export type GrantKind = 'enrolment' | 'recovered-enrolment' | 'change'
const LIFETIME_MS = 10 * 60 * 1000

/** Permission to do one thing once, for ten minutes, for one account, after proof of the password or of the phrase. */
export type Grants = {
  issue(kind: GrantKind, accountId: AccountId): Promise<string>
  /** The account the grant is for, without using it up. */
  peek(kind: GrantKind, grant: string): Promise<AccountId | undefined>
  /** Uses it up. True for exactly one caller. */
  redeem(kind: GrantKind, grant: string): Promise<boolean>
}

export function createGrants(cache: Cache): Grants {
  const keyOf = (kind: GrantKind, grant: string) =>
    `grant:${kind}:${createHash('sha256').update(grant).digest('base64url')}`
  return {
    async issue(kind, accountId) {
      const grant = randomBytes(32).toString('base64url')
      await cache.set(keyOf(kind, grant), accountId, LIFETIME_MS)
      return grant
    },
    async peek(kind, grant) {
      return accountIdSchema.safeParse(await cache.get(keyOf(kind, grant))).data
    },
    async redeem(kind, grant) {
      return (await cache.take(keyOf(kind, grant))) !== undefined
    },
  }
}
