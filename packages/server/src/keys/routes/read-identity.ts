import { ProtocolError } from '@entangle/protocol'
import type { UsersDatabase } from '../../database/users-schema.ts'
import { defineRoute } from '../../http/route.ts'
import { readIdentity as readStored } from '../identity-store.ts'

export const readIdentity = defineRoute('readIdentity')(
  ({ database }: { readonly database: UsersDatabase }) =>
    async ({ accountId }) => {
      const stored = await readStored(database, accountId)
      if (stored === undefined) throw new ProtocolError('ACCOUNT_NOT_FOUND')
      const { accountKey, deviceList, certificates } = stored
      return { accountKey, deviceList, certificates }
    },
)
