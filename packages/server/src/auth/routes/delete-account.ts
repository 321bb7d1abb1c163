import { defineRoute } from '../../http/route.ts'
import type { AccountService } from '../account-service.ts'

export const deleteAccount = defineRoute('deleteAccount')(
  ({ accounts }: { readonly accounts: AccountService }) =>
    async (request, call) => {
      await accounts.delete(call.session, request)
      call.setRefreshToken(undefined)
      return {}
    },
)
