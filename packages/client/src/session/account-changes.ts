import {
  type ArchiveKeys,
  createRecoveryKey,
  type OpenedVault,
  openVaultWithExportKey,
  recoveryPhraseFromEntropy,
  rewrapVault,
} from '@entangle/crypto'
import { idToBytes } from '@entangle/protocol'
import type { SessionCalls } from '../wire/session-calls.ts'
import type { AccountRecord, DeviceContext } from './device-context.ts'
import { provePassword } from './password-proof.ts'

/** Calls in the name of a device that is signed in. */
type DeviceCalls = Pick<SessionCalls, 'call'>

/**
 * The OPAQUE record and the vault change together, or not at all. The recovery phrase stays the same: the vault
 * is wrapped by it as before.
 */
export async function replacePassword(
  { passwords }: DeviceContext,
  { call }: DeviceCalls,
  input: { readonly next: string; readonly opened: OpenedVault; readonly changeGrant: string },
): Promise<void> {
  const { next, opened, changeGrant } = input
  const started = await passwords.startRegistration(next)
  const { registrationResponse } = await call('startPasswordChange', {
    registrationRequest: started.request,
  })
  const finished = await passwords.finishRegistration({
    password: next,
    state: started.state,
    response: registrationResponse,
  })
  const rewrapped = rewrapVault(opened, { exportKey: finished.exportKey })
  await call('finishPasswordChange', {
    changeGrant,
    registrationRecord: finished.record,
    vault: { sealed: rewrapped.bytes, wraps: [] },
    recoveryKey: createRecoveryKey(opened.contents.recoveryEntropy).publicKey,
  })
}

/** The vault, opened for the moment by the proven password, and what the server allows after that proof. */
export async function openVault(
  context: DeviceContext,
  calls: DeviceCalls,
  { account }: AccountRecord,
  password: string,
): Promise<{
  readonly opened: OpenedVault
  readonly exportKey: Uint8Array
  readonly changeGrant: string
}> {
  const { proof, exportKey } = await provePassword(context, account.handle, password)
  const { vault, changeGrant } = await calls.call('fetchVault', { proof })
  return {
    opened: openVaultWithExportKey(vault.sealed, idToBytes(account.accountId), exportKey),
    exportKey,
    changeGrant,
  }
}

export async function changePassword(
  context: DeviceContext,
  calls: DeviceCalls,
  record: AccountRecord,
  input: { readonly current: string; readonly next: string },
): Promise<void> {
  const vault = await openVault(context, calls, record, input.current)
  await replacePassword(context, calls, { next: input.next, ...vault })
}

export type RecoverySecrets = { readonly words: readonly string[]; readonly archiveKeys: ArchiveKeys }

/** The twelve words, for the person who knows the password. `isKnown`: the server has their key. */
export async function readRecoveryPhrase(
  context: DeviceContext,
  calls: DeviceCalls,
  record: AccountRecord,
  input: { readonly password: string; readonly isKnown: boolean },
): Promise<RecoverySecrets> {
  const { password } = input
  const vault = await openVault(context, calls, record, password)
  const { recoveryEntropy, archiveKeys } = vault.opened.contents
  // The server does not know the phrase of an account made by an earlier version: it learns it with the password.
  if (!input.isKnown) await replacePassword(context, calls, { next: password, ...vault })
  return { words: recoveryPhraseFromEntropy(recoveryEntropy).split(' '), archiveKeys }
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
