import { defineRoute } from '../../http/route.ts'
import type { RecoveryService } from '../recovery-service.ts'

export const startRecovery = defineRoute('startRecovery')(
  ({ recovery }: { readonly recovery: RecoveryService }) =>
    ({ handle }) =>
      recovery.start(handle),
)
