import { defineRoute } from '../../http/route.ts'
import type { KeyPackageService } from '../key-package-service.ts'

export const keyPackageStatus = defineRoute('keyPackageStatus')(
  ({ keyPackages }: { readonly keyPackages: KeyPackageService }) =>
    (_, { session }) =>
      keyPackages.status(session),
)
