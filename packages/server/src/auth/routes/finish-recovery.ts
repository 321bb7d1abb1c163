import { defineRoute } from '../../http/route.ts'
import type { RecoveryService } from '../recovery-service.ts'

export const finishRecovery = defineRoute('finishRecovery')(
  ({ recovery }: { readonly recovery: RecoveryService }) =>
    request =>
      recovery.finish(request),
)
