import { defineRoute } from '../../http/route.ts'
import type { LogService } from '../log-service.ts'

export const listWelcomes = defineRoute('listWelcomes')(
  ({ logService }: { readonly logService: LogService }) =>
    (_, { session }) =>
      logService.listWelcomes(session),
)
