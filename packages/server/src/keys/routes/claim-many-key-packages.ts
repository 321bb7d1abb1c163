import { defineRoute } from '../../http/route.ts'
import type { KeyPackageService } from '../key-package-service.ts'

export const claimManyKeyPackages = defineRoute('claimManyKeyPackages')(
  ({ keyPackages }: { readonly keyPackages: KeyPackageService }) =>
    ({ accountIds }, { session }) =>
      keyPackages.claimMany(session, accountIds),
)
