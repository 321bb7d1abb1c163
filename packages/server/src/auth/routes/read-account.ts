import type { UsersDatabase } from '../../database/users-schema.ts'
import { defineRoute } from '../../http/route.ts'
import { readAccountSummary } from '../account-summaries.ts'

export const readAccount = defineRoute('readAccount')(
  ({ database }: { readonly database: UsersDatabase }) =>
    ({ accountId }) =>
      readAccountSummary(database, accountId),
)
