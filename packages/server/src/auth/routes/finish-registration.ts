import { defineRoute } from '../../http/route.ts'
import type { RegistrationService } from '../registration-service.ts'

export const finishRegistration = defineRoute('finishRegistration')(
  ({ registration }: { readonly registration: RegistrationService }) =>
    (request, call) =>
      registration.finish(request, call),
)
