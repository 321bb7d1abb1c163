import { defineRoute } from '../../http/route.ts'
import type { AccountStateService } from '../account-state-service.ts'

export const readAccountState = defineRoute('readAccountState')(
  ({ accountState }: { readonly accountState: AccountStateService }) =>
    (request, { session }) =>
      accountState.read(session, request),
)
