import { defineRoute } from '../../http/route.ts'
import type { PasswordProofs } from '../password-proofs.ts'

export const startLogin = defineRoute('startLogin')(
  ({ proofs }: { readonly proofs: PasswordProofs }) =>
    request =>
      proofs.start(request),
)
