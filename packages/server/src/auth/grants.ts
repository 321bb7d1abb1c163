import { createHash, randomBytes } from 'node:crypto'
import { type AccountId, accountIdSchema } from '@entangle/protocol'
import { z } from 'zod'
import type { Cache } from '../ports/cache.ts'
import type { Clock } from '../ports/clock.ts'

/** `recovered-enrolment`: the phrase was proven, so the devices that were lost may be left out of the list. */
export type GrantKind = 'enrolment' | 'recovered-enrolment' | 'change'
const LIFETIME_MS = 10 * 60 * 1000

export type Granted = { readonly accountId: AccountId; readonly about: string }

/** Permission to do one thing once, for ten minutes, for one account, after proof of the password or of the phrase. */
export type Grants = {
  /** `about`: what the caller was shown with it. */
  issue(kind: GrantKind, accountId: AccountId, about?: string): Promise<string>
  /** The account the grant is for, without using it up. */
  peek(kind: GrantKind, grant: string): Promise<Granted | undefined>
  /** Uses it up. True for exactly one caller. */
  redeem(kind: GrantKind, grant: string): Promise<boolean>
  /** What proved the account before proves it no more: all its grants end. */
  voidAll(accountId: AccountId): Promise<void>
}

const grantSchema = z.object({ accountId: accountIdSchema, about: z.string(), issuedAt: z.number() })

const voidKeyOf = (accountId: AccountId) => `grants-void:${accountId}`
const keyOf = (kind: GrantKind, grant: string) =>
  `grant:${kind}:${createHash('sha256').update(grant).digest('base64url')}`

export function createGrants(cache: Cache, clock: Clock): Grants {
  return {
    async issue(kind, accountId, about = '') {
      const grant = randomBytes(32).toString('base64url')
      const value = JSON.stringify({ accountId, about, issuedAt: clock.now() })
      await cache.set(keyOf(kind, grant), value, LIFETIME_MS)
      return grant
    },
    async peek(kind, grant) {
      const stored = await cache.get(keyOf(kind, grant))
      if (stored === undefined) return undefined
      const { accountId, about, issuedAt } = grantSchema.parse(JSON.parse(stored))
      const voidedAt = await cache.get(voidKeyOf(accountId))
      return voidedAt !== undefined && issuedAt <= Number(voidedAt) ? undefined : { accountId, about }
    },
    async redeem(kind, grant) {
      return (await cache.take(keyOf(kind, grant))) !== undefined
    },
    async voidAll(accountId) {
      await cache.set(voidKeyOf(accountId), String(clock.now()), LIFETIME_MS)
    },
  }
}
