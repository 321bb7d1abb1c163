import { defineRoute } from '../../http/route.ts'
import type { InviteService } from '../invite-service.ts'

export const writeInvite = defineRoute('writeInvite')(
  ({ invites }: { readonly invites: InviteService }) =>
    async (request, { session }) => {
      await invites.write(session, request)
      return {}
    },
)
