import { openVaultWithExportKey, rewrapVault } from '@entangle/crypto'
import { idToBytes } from '@entangle/protocol'
import type { SessionCalls } from '../wire/session-calls.ts'
import type { AccountRecord, DeviceContext } from './device-context.ts'
import { provePassword } from './password-proof.ts'

/** The OPAQUE record and the vault change together, or not at all. */
export async function changePassword(
  context: DeviceContext,
  calls: SessionCalls,
  { account }: AccountRecord,
  input: { readonly current: string; readonly next: string },
): Promise<void> {
  const { proof, exportKey } = await provePassword(context, account.handle, input.current)
  const { vault, changeGrant } = await calls.call('fetchVault', { proof })
  const opened = openVaultWithExportKey(vault.sealed, idToBytes(account.accountId), exportKey)
  const started = await context.passwords.startRegistration(input.next)
  const { registrationResponse } = await calls.call('startPasswordChange', {
    registrationRequest: started.request,
  })
  const finished = await context.passwords.finishRegistration({
    password: input.next,
    state: started.state,
    response: registrationResponse,
  })
  const rewrapped = rewrapVault(opened, { exportKey: finished.exportKey })
  await calls.call('finishPasswordChange', {
    changeGrant,
    registrationRecord: finished.record,
    vault: { sealed: rewrapped.bytes, wraps: [] },
  })
}

export async function deleteAccount(
  context: DeviceContext,
  calls: SessionCalls,
  { account }: AccountRecord,
  password: string,
): Promise<void> {
  const { proof } = await provePassword(context, account.handle, password)
  await calls.call('deleteAccount', { proof })
}
