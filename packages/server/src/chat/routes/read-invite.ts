import { defineRoute } from '../../http/route.ts'
import type { InviteService } from '../invite-service.ts'

export const readInvite = defineRoute('readInvite')(
  ({ invites }: { readonly invites: InviteService }) =>
    ({ inviteId }) =>
      invites.read(inviteId),
)
