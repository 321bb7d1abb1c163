import { defineRoute } from '../../http/route.ts'
import type { AccountService } from '../account-service.ts'

export const updateProfile = defineRoute('updateProfile')(
  ({ accounts }: { readonly accounts: AccountService }) =>
    ({ displayName }, { session }) =>
      accounts.updateProfile(session, displayName),
)
