import type { UsersDatabase } from '../database/users-schema.ts'
import type { Handlers } from '../http/route.ts'
import type { KeyPackageService } from './key-package-service.ts'
import { claimKeyPackages } from './routes/claim-key-packages.ts'
import { claimManyKeyPackages } from './routes/claim-many-key-packages.ts'
import { keyPackageStatus } from './routes/key-package-status.ts'
import { publishKeyPackages } from './routes/publish-key-packages.ts'
import { readIdentities } from './routes/read-identities.ts'
import { readIdentity } from './routes/read-identity.ts'

export type KeysServices = {
  readonly database: UsersDatabase
  readonly keyPackages: KeyPackageService
}

/** Which function answers which operation of this service. */
export function createKeysHandlers(services: KeysServices) {
  return {
    publishKeyPackages: publishKeyPackages(services),
    keyPackageStatus: keyPackageStatus(services),
    claimKeyPackages: claimKeyPackages(services),
    claimManyKeyPackages: claimManyKeyPackages(services),
    readIdentity: readIdentity(services),
    readIdentities: readIdentities(services),
  } satisfies Partial<Handlers>
}
