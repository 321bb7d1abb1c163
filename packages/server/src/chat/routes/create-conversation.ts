import { defineRoute } from '../../http/route.ts'
import type { ConversationService } from '../conversation-service.ts'

export const createConversation = defineRoute('createConversation')(
  ({ conversations }: { readonly conversations: ConversationService }) =>
    (request, { session }) =>
      conversations.create(session, request),
)
