import { defineRoute } from '../../http/route.ts'
import type { LogService } from '../log-service.ts'

export const readGroupInfo = defineRoute('readGroupInfo')(
  ({ logService }: { readonly logService: LogService }) =>
    (request, { session }) =>
      logService.readGroupInfo(session, request),
)
