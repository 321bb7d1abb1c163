import { ProtocolError } from '@entangle/protocol'
import type { UsersDatabase } from '../../database/users-schema.ts'
import { defineRoute } from '../../http/route.ts'
import { readListHistory, readIdentity as readStored } from '../identity-store.ts'

export const readIdentity = defineRoute('readIdentity')(
  ({ database }: { readonly database: UsersDatabase }) =>
    async ({ accountId, since }) => {
      const stored = await readStored(database, accountId)
      if (stored === undefined) throw new ProtocolError('ACCOUNT_NOT_FOUND')
      const { identity, version: newest } = stored
      if (since === undefined) return identity
      const history = await readListHistory(database, accountId, { since, newest })
      return history === undefined ? identity : { ...identity, history }
    },
)
