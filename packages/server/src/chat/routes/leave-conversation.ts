import { defineRoute } from '../../http/route.ts'
import type { LeaveService } from '../leave-service.ts'

export const leaveConversation = defineRoute('leaveConversation')(
  ({ leaving }: { readonly leaving: LeaveService }) =>
    (request, { session }) =>
      leaving.leave(session, request),
)
