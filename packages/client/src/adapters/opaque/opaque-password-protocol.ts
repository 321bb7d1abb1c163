import { fromBase64Url } from '@entangle/protocol'
import type { client as Opaque } from '@serenity-kit/opaque'
import type { PasswordProtocol } from '../../ports/password-protocol.ts'

const exportKeyBytes = (text: string): Uint8Array => {
  const bytes = fromBase64Url(text)
  if (bytes === undefined) throw new TypeError('the export key is not base64url')
  return bytes
}

type Options = {
  /** Called before each step that blocks the thread. */
  readonly busy?: () => void
  /** The library's default where nothing else is said; the server cannot tell. */
  readonly keyStretching?: NonNullable<Parameters<typeof Opaque.finishLogin>[0]['keyStretching']>
}

/**
 * OPAQUE by its WebAssembly library, loaded when a password is first needed: whoever is signed in never waits
 * for it.
 */
export function createOpaquePasswordProtocol({ busy, keyStretching }: Options = {}): PasswordProtocol {
  const stretching = keyStretching === undefined ? {} : { keyStretching }
  const load = async () => {
    const library = await import('@serenity-kit/opaque')
    await library.ready
    return library.client
  }
  let loading: ReturnType<typeof load> | undefined
  const client = () => {
    loading ??= load()
    return loading
  }

  return {
    async startRegistration(password) {
      const started = (await client()).startRegistration({ password })
      return { state: started.clientRegistrationState, request: started.registrationRequest }
    },
    async finishRegistration({ password, state, response }) {
      const opaque = await client()
      busy?.()
      const finished = opaque.finishRegistration({
        ...stretching,
        password,
        clientRegistrationState: state,
        registrationResponse: response,
      })
      return { record: finished.registrationRecord, exportKey: exportKeyBytes(finished.exportKey) }
    },
    async startLogin(password) {
      const started = (await client()).startLogin({ password })
      return { state: started.clientLoginState, request: started.startLoginRequest }
    },
    async finishLogin({ password, state, response }) {
      const opaque = await client()
      busy?.()
      const finished = opaque.finishLogin({
        ...stretching,
        password,
        clientLoginState: state,
        loginResponse: response,
      })
      if (finished === undefined) return undefined
      return { request: finished.finishLoginRequest, exportKey: exportKeyBytes(finished.exportKey) }
    },
  }
}
