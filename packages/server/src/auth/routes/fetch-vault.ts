import { defineRoute } from '../../http/route.ts'
import type { AccountService } from '../account-service.ts'

export const fetchVault = defineRoute('fetchVault')(
  ({ accounts }: { readonly accounts: AccountService }) =>
    (request, { session }) =>
      accounts.fetchVault(session, request),
)
