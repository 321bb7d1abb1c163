import { ProtocolError, type Session } from '@entangle/protocol'
import { NetworkError } from '../ports/transport.ts'
import type { RequestOf } from '../wire/api-client.ts'
import { eraseAccount, storeEnrolling } from './account-records.ts'
import type { DeviceContext } from './device-context.ts'
import { signIn } from './signing-in.ts'
import { beginAccount, type SignedIn } from './signing-up.ts'

const ATTEMPTS = 3

/** Undefined: an answer was lost, and the code is used up by now. The new password tells what has become of it. */
async function finish(
  { call }: DeviceContext,
  request: RequestOf<'finishReset'>,
): Promise<Session | undefined> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call('finishReset', request)
    } catch (error) {
      const isUsedUp = error instanceof ProtocolError && error.code === 'AUTH_RESET_WRONG'
      if (isUsedUp && attempt > 1) return undefined
      if (!(error instanceof NetworkError) || attempt === ATTEMPTS) throw error
    }
  }
}

/**
 * Begins an account anew, without password and phrase, under a code that the operator gave: new keys for all, this
 * device the only one. What was sealed for the old keys stays closed for good.
 */
export async function resetAccount(
  context: DeviceContext,
  input: { readonly handle: string; readonly code: string; readonly newPassword: string },
): Promise<SignedIn> {
  const { call, passwords, root } = context
  const { code, handle, newPassword: password } = input
  const started = await passwords.startRegistration(password)
  const { registrationResponse, account } = await call('startReset', {
    handle,
    code,
    registrationRequest: started.request,
  })
  const { record: registrationRecord, exportKey } = await passwords.finishRegistration({
    password,
    state: started.state,
    response: registrationResponse,
  })
  const { device, vault, recoveryKey } = beginAccount(context, account, exportKey)
  const { deviceId } = device.record
  await storeEnrolling(root, device.record, device.entries)
  try {
    const identity = { ...device.identity }
    const request = { handle, code, deviceId, registrationRecord, identity, vault, recoveryKey }
    const session = await finish(context, request)
    if (session === undefined) return await signIn(context, { handle, password })
    return { record: { ...device.record, account: session.account }, session }
  } catch (error) {
    if (error instanceof ProtocolError && error.retry !== 'later') await eraseAccount(root, account.accountId)
    throw error
  }
}
