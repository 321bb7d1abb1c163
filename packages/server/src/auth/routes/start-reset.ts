import { defineRoute } from '../../http/route.ts'
import type { ResetService } from '../reset-service.ts'

export const startReset = defineRoute('startReset')(
  ({ reset }: { readonly reset: ResetService }) =>
    request =>
      reset.start(request),
)
