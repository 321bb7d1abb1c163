import type { PasswordProtocol } from '@entangle/client/ports'
import { fromBase64Url } from '@entangle/protocol'
import { client, ready } from '@serenity-kit/opaque'

/** Key stretching costs whole cores by design, and is the client's alone: the server cannot tell. */
const keyStretching = { 'argon2id-custom': { iterations: 1, memory: 8, parallelism: 1 } }

const keyOf = (text: string) => fromBase64Url(text) ?? new Uint8Array()

/** The real OPAQUE, towards the real server, without its key stretching. */
export function createCheapPasswordProtocol(): PasswordProtocol {
  return {
    async startRegistration(password) {
      await ready
      const started = client.startRegistration({ password })
      return { state: started.clientRegistrationState, request: started.registrationRequest }
    },
    async finishRegistration({ password, state, response }) {
      const finished = client.finishRegistration({
        password,
        clientRegistrationState: state,
        registrationResponse: response,
        keyStretching,
      })
      return { record: finished.registrationRecord, exportKey: keyOf(finished.exportKey) }
    },
    async startLogin(password) {
      await ready
      const started = client.startLogin({ password })
      return { state: started.clientLoginState, request: started.startLoginRequest }
    },
    async finishLogin({ password, state, response }) {
      const finished = client.finishLogin({
        password,
        clientLoginState: state,
        loginResponse: response,
        keyStretching,
      })
      if (finished === undefined) return undefined
      return { request: finished.finishLoginRequest, exportKey: keyOf(finished.exportKey) }
    },
  }
}
