import { defineRoute } from '../../http/route.ts'
import type { ConversationService } from '../conversation-service.ts'

export const listConversations = defineRoute('listConversations')(
  ({ conversations }: { readonly conversations: ConversationService }) =>
    async (_, { session }) => ({ conversations: await conversations.list(session) }),
)
