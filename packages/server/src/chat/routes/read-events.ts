import { defineRoute } from '../../http/route.ts'
import type { LogService } from '../log-service.ts'

export const readEvents = defineRoute('readEvents')(
  ({ logService }: { readonly logService: LogService }) =>
    (request, { session }) =>
      logService.readEvents(session, request),
)
