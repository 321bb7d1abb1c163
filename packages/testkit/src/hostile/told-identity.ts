import type { AccountId, PublicIdentity } from '@entangle/protocol'
import type { Distortion } from './hostile-server.ts'

/** The directory's word on one account, whichever way it is asked. */
export const toldIdentity = (accountId: AccountId, identity: PublicIdentity): Distortion => ({
  answers: {
    readIdentity: (request, truth) => (request.accountId === accountId ? identity : truth()),
    readIdentities: async (request, truth) => {
      const { identities } = await truth()
      if (!request.accountIds.includes(accountId)) return { identities }
      const others = identities.filter(each => each.accountId !== accountId)
      return { identities: [...others, { accountId, identity }] }
    },
  },
})
