import { defineRoute } from '../../http/route.ts'
import type { SessionService } from '../session-service.ts'

export const signOut = defineRoute('signOut')(
  ({ sessions }: { readonly sessions: SessionService }) =>
    async ({ eraseDevice }, call) => {
      await sessions.signOut(eraseDevice, call)
      return {}
    },
)
