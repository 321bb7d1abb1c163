import type { UsersDatabase } from '../../database/users-schema.ts'
import { defineRoute } from '../../http/route.ts'
import { readIdentities as readStored } from '../identity-store.ts'

export const readIdentities = defineRoute('readIdentities')(
  ({ database }: { readonly database: UsersDatabase }) =>
    async ({ accountIds }) => ({
      identities: (await readStored(database, accountIds)).map(({ accountId, identity }) => ({
        accountId,
        identity,
      })),
    }),
)
