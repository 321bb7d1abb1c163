import { defineRoute } from '../../http/route.ts'
import type { KeyPackageService } from '../key-package-service.ts'

export const publishKeyPackages = defineRoute('publishKeyPackages')(
  ({ keyPackages }: { readonly keyPackages: KeyPackageService }) =>
    (request, { session }) =>
      keyPackages.publish(session, request),
)
