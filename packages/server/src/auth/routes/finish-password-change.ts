import { defineRoute } from '../../http/route.ts'
import type { AccountService } from '../account-service.ts'

export const finishPasswordChange = defineRoute('finishPasswordChange')(
  ({ accounts }: { readonly accounts: AccountService }) =>
    async (request, { session }) => {
      await accounts.finishPasswordChange(session, request)
      return {}
    },
)
