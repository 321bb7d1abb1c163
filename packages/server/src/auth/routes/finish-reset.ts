import { defineRoute } from '../../http/route.ts'
import type { ResetService } from '../reset-service.ts'

export const finishReset = defineRoute('finishReset')(
  ({ reset }: { readonly reset: ResetService }) =>
    (request, call) =>
      reset.finish(request, call),
)
