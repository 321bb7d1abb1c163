import { defineRoute } from '../../http/route.ts'
import type { AccountStateService } from '../account-state-service.ts'

export const writeAccountState = defineRoute('writeAccountState')(
  ({ accountState }: { readonly accountState: AccountStateService }) =>
    (request, { session }) =>
      accountState.write(session, request),
)
