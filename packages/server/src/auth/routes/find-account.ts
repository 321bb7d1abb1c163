import type { UsersDatabase } from '../../database/users-schema.ts'
import { defineRoute } from '../../http/route.ts'
import { findAccountSummary } from '../account-summaries.ts'

export const findAccount = defineRoute('findAccount')(
  ({ database }: { readonly database: UsersDatabase }) =>
    ({ handle }) =>
      findAccountSummary(database, handle),
)
