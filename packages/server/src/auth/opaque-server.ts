import { ProtocolError } from '@entangle/protocol'
import { ready, server } from '@serenity-kit/opaque'

/** OPAQUE (RFC 9807), the server's side. A handle is the user's identifier in it. */
export type OpaqueServer = {
  respondToRegistration(handle: string, registrationRequest: string): string
  /** Without a record it answers for a user who does not exist: same form, same work. */
  startLogin(handle: string, record: string | undefined, request: string): { state: string; response: string }
  /** True only if the caller knew the password. */
  finishLogin(state: string, finishLoginRequest: string): boolean
}

/** The library throws on bytes that are no message of the protocol. */
function orMalformed<T>(work: () => T): T {
  try {
    return work()
  } catch (cause) {
    throw new ProtocolError('REQUEST_MALFORMED', {}, { cause })
  }
}

export async function createOpaqueSetup(): Promise<string> {
  await ready
  return server.createSetup()
}

export async function createOpaqueServer(serverSetup: string): Promise<OpaqueServer> {
  await ready
  return {
    respondToRegistration: (handle, registrationRequest) =>
      orMalformed(
        () =>
          server.createRegistrationResponse({ serverSetup, userIdentifier: handle, registrationRequest })
            .registrationResponse,
      ),
    startLogin: (handle, record, startLoginRequest) =>
      orMalformed(() => {
        const { serverLoginState, loginResponse } = server.startLogin({
          serverSetup,
          userIdentifier: handle,
          registrationRecord: record,
          startLoginRequest,
        })
        return { state: serverLoginState, response: loginResponse }
      }),
    finishLogin(state, finishLoginRequest) {
      try {
        server.finishLogin({ serverLoginState: state, finishLoginRequest })
        return true
      } catch {
        return false
      }
    },
  }
}
