import type { UsersDatabase } from '../../database/users-schema.ts'
import { defineRoute } from '../../http/route.ts'
import { readAccountSummaries } from '../account-summaries.ts'

export const readAccounts = defineRoute('readAccounts')(
  ({ database }: { readonly database: UsersDatabase }) =>
    async ({ accountIds }) => ({ accounts: await readAccountSummaries(database, accountIds) }),
)
