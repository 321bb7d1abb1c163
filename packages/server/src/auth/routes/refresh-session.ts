import { defineRoute } from '../../http/route.ts'
import type { SessionService } from '../session-service.ts'

export const refreshSession = defineRoute('refreshSession')(
  ({ sessions }: { readonly sessions: SessionService }) =>
    (_, call) =>
      sessions.refresh(call),
)
