import type { Verifier } from '@entangle/crypto/verify'
import type { UsersDatabase } from '../database/users-schema.ts'
import type { RateLimits } from '../http/rate-limits.ts'
import { createFileKeyEnvelope } from '../keys/envelope.ts'
import { createKeysHandlers } from '../keys/handlers.ts'
import { createKeyPackageService } from '../keys/key-package-service.ts'
import { createLocalKeyDirectory } from '../keys/local-key-directory.ts'
import { openSigningKeys } from '../keys/signing-keys.ts'
import { createVerifiedKeyMaterial } from '../keys/verified-key-material.ts'
import type { Clock } from '../ports/clock.ts'
import { randomSecret, type SecretStore } from '../secrets.ts'

type Parts = {
  readonly database: UsersDatabase
  readonly verifier: Verifier
  readonly limits: RateLimits
  readonly secrets: SecretStore
  readonly clock: Clock
}

/** The encryption service: identities, key packages, and the keys that sign tokens. */
export async function composeKeys({ database, verifier, limits, secrets, clock }: Parts) {
  const wrappingKey = await secrets.readOrCreate('wrapping-key', randomSecret)
  const envelope = createFileKeyEnvelope(Buffer.from(wrappingKey, 'base64url'))
  const material = createVerifiedKeyMaterial(verifier)
  const keyPackages = createKeyPackageService({ database, material, limits, clock })
  return {
    tokenKeys: await openSigningKeys({ database, envelope, clock }),
    directory: createLocalKeyDirectory(database),
    handlers: createKeysHandlers({ database, keyPackages }),
  }
}
