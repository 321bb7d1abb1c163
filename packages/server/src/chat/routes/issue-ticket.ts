import { defineRoute } from '../../http/route.ts'
import type { Tickets } from '../tickets.ts'

export const issueTicket = defineRoute('issueTicket')(
  ({ tickets }: { readonly tickets: Tickets }) =>
    async (_, { session }) => ({ ticket: await tickets.issue(session) }),
)
