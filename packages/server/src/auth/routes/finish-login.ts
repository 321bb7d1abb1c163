import { defineRoute } from '../../http/route.ts'
import type { LoginService } from '../login-service.ts'

export const finishLogin = defineRoute('finishLogin')(
  ({ login }: { readonly login: LoginService }) =>
    (request, call) =>
      login.finish(request, call),
)
