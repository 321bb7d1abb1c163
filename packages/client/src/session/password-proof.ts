import { ProtocolError } from '@entangle/protocol'
import type { DeviceContext } from './device-context.ts'

export type PasswordContext = Pick<DeviceContext, 'call' | 'passwords'>

export type PasswordProof = {
  readonly proof: { readonly loginId: string; readonly finishLoginRequest: string }
  /** Opens the vault. Secret. */
  readonly exportKey: Uint8Array
}

/** Both steps of an OPAQUE login, up to the message that proves the password. */
export async function provePassword(
  { call, passwords }: PasswordContext,
  handle: string,
  password: string,
): Promise<PasswordProof> {
  const started = await passwords.startLogin(password)
  const { loginId, loginResponse } = await call('startLogin', { handle, startLoginRequest: started.request })
  const finished = await passwords.finishLogin({ password, state: started.state, response: loginResponse })
  if (finished === undefined) throw new ProtocolError('AUTH_CREDENTIALS_WRONG')
  return { proof: { loginId, finishLoginRequest: finished.request }, exportKey: finished.exportKey }
}
