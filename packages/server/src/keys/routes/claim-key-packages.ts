import { defineRoute } from '../../http/route.ts'
import type { KeyPackageService } from '../key-package-service.ts'

export const claimKeyPackages = defineRoute('claimKeyPackages')(
  ({ keyPackages }: { readonly keyPackages: KeyPackageService }) =>
    ({ accountId }, { session }) =>
      keyPackages.claim(session, accountId),
)
