import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { type AccountId, ProtocolError } from '@entangle/protocol'
import { idText } from '../database/packed-arrays.ts'
import type { UsersDatabase } from '../database/users-schema.ts'
import { type RateLimits, RECOVERY_OF_HANDLE } from '../http/rate-limits.ts'
import type { AnswerOf, RequestOf } from '../http/route.ts'
import { readIdentity } from '../keys/identity-store.ts'
import type { KeyMaterial } from '../keys/key-material.ts'
import type { Cache } from '../ports/cache.ts'
import { readAccountSummary } from './account-summaries.ts'
import type { Grants } from './grants.ts'
import { readVault, tagOf } from './vaults.ts'

export type RecoveryService = {
  start(handle: string): Promise<{ recoveryId: string }>
  finish(request: RequestOf<'finishRecovery'>): Promise<AnswerOf<'finishRecovery'>>
}

type Dependencies = {
  readonly database: UsersDatabase
  readonly cache: Cache
  readonly limits: RateLimits
  readonly grants: Grants
  readonly material: KeyMaterial
}

const RECOVERY_LABEL = 'entangle recovery'
const RECOVERY_LIFETIME_MS = 2 * 60 * 1000
const keyOf = (recoveryId: string) => `recovery:${recoveryId}`
const utf8 = new TextEncoder()

/** A valid key that nobody can sign with: where there is no account the same work is done. */
function createDecoyKey(): Uint8Array {
  const { x = '' } = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' })
  return Buffer.from(x, 'base64url')
}

/** Entry by the recovery phrase. It answers the same for an unknown handle, an account without a phrase and a wrong one. */
export function createRecoveryService(dependencies: Dependencies): RecoveryService {
  const { database, cache, limits, grants, material } = dependencies
  const decoyKey = createDecoyKey()

  async function findAccount(handle: string): Promise<{ accountId: AccountId; key: Uint8Array } | undefined> {
    const row = await database
      .selectFrom('account')
      .select(['id', 'recovery_key'])
      .where('handle', '=', handle)
      .where('deleted_at', 'is', null)
      .executeTakeFirst()
    if (row === undefined || row.recovery_key === null) return undefined
    return { accountId: idText<AccountId>(row.id), key: row.recovery_key }
  }

  return {
    async start(handle) {
      await limits.check(`recovery ${handle}`, RECOVERY_OF_HANDLE)
      const recoveryId = randomBytes(24).toString('base64url')
      await cache.set(keyOf(recoveryId), handle, RECOVERY_LIFETIME_MS)
      return { recoveryId }
    },

    async finish({ recoveryId, signature }) {
      const handle = await cache.take(keyOf(recoveryId))
      if (handle === undefined) throw new ProtocolError('AUTH_LOGIN_EXPIRED')
      const found = await findAccount(handle)
      const proven = material.verifyDeviceSignature(
        found?.key ?? decoyKey,
        RECOVERY_LABEL,
        utf8.encode(recoveryId),
        signature,
      )
      if (found === undefined || !proven) throw new ProtocolError('AUTH_RECOVERY_WRONG')
      const { accountId } = found
      const stored = await readIdentity(database, accountId)
      if (stored === undefined) throw new ProtocolError('AUTH_RECOVERY_WRONG')
      const vault = await readVault(database, accountId)
      return {
        enrolmentGrant: await grants.issue('recovered-enrolment', accountId),
        changeGrant: await grants.issue('change', accountId, tagOf(vault)),
        account: await readAccountSummary(database, accountId),
        identity: stored.identity,
        vault,
      }
    },
  }
}
