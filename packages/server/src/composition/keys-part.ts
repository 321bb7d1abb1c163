import type { Verifier } from '@entangle/crypto/verify'
import type { UsersDatabase } from '../database/users-schema.ts'
import type { RateLimits } from '../http/rate-limits.ts'
import { openEncryption } from '../keys/encryption.ts'
import { createKeysHandlers } from '../keys/handlers.ts'
import { createKeyPackageService } from '../keys/key-package-service.ts'
import { createLocalKeyDirectory } from '../keys/local-key-directory.ts'
import { openSigningKeys } from '../keys/signing-keys.ts'
import { createVerifiedKeyMaterial } from '../keys/verified-key-material.ts'
import { describeError, type Log } from '../logging.ts'
import type { Clock } from '../ports/clock.ts'
import type { SecretStore } from '../secrets.ts'

type Parts = {
  readonly database: UsersDatabase
  readonly verifier: Verifier
  readonly limits: RateLimits
  readonly secrets: SecretStore
  readonly clock: Clock
  readonly log: Log
}

/** The encryption service: identities, key packages, the keys that sign tokens, and those that seal what is stored. */
export async function composeKeys({ database, verifier, limits, secrets, clock, log }: Parts) {
  const encryption = await openEncryption({ database, secrets, clock })
  encryption.finishRotation().catch(error => log.warn('data keys not wrapped anew', describeError(error)))
  const material = createVerifiedKeyMaterial(verifier)
  const keyPackages = createKeyPackageService({ database, material, limits, clock })
  return {
    tokenKeys: await openSigningKeys({ database, envelope: encryption.envelopeOf('keys'), clock }),
    /** By the name of the service that asks. */
    envelopeOf: encryption.envelopeOf,
    directory: createLocalKeyDirectory(database),
    handlers: createKeysHandlers({ database, keyPackages }),
  }
}
