import { defineRoute } from '../../http/route.ts'
import type { LogService } from '../log-service.ts'

export const readTree = defineRoute('readTree')(
  ({ logService }: { readonly logService: LogService }) =>
    (request, { session }) =>
      logService.readTree(session, request),
)
