import { defineRoute } from '../../http/route.ts'
import type { RegistrationService } from '../registration-service.ts'

export const startRegistration = defineRoute('startRegistration')(
  ({ registration }: { readonly registration: RegistrationService }) =>
    request =>
      registration.start(request),
)
