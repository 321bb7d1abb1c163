import { defineRoute } from '../../http/route.ts'
import type { LoginService } from '../login-service.ts'

export const enrolDevice = defineRoute('enrolDevice')(
  ({ login }: { readonly login: LoginService }) =>
    (request, call) =>
      login.enrol(request, call),
)
