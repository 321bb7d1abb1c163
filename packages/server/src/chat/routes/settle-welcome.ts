import { defineRoute } from '../../http/route.ts'
import type { LogService } from '../log-service.ts'

export const settleWelcome = defineRoute('settleWelcome')(
  ({ logService }: { readonly logService: LogService }) =>
    async (request, { session }) => {
      await logService.settleWelcome(session, request)
      return {}
    },
)
