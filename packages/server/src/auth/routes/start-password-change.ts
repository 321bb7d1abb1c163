import { defineRoute } from '../../http/route.ts'
import type { AccountService } from '../account-service.ts'

export const startPasswordChange = defineRoute('startPasswordChange')(
  ({ accounts }: { readonly accounts: AccountService }) =>
    ({ registrationRequest }, { session }) =>
      accounts.startPasswordChange(session, registrationRequest),
)
