import {
  createArchiveKeys,
  createRecoveryEntropy,
  createRecoveryKey,
  createVault,
  randomBytes,
} from '@entangle/crypto'
import {
  type AccountSummary,
  idToBytes,
  ProtocolError,
  readId,
  type SealedVault,
  type Session,
} from '@entangle/protocol'
import { NetworkError } from '../ports/transport.ts'
import type { RequestOf } from '../wire/api-client.ts'
import { eraseAccount, storeEnrolling } from './account-records.ts'
import type { AccountRecord, DeviceContext } from './device-context.ts'
import { createDevice } from './device-identity.ts'

export type SignedIn = { readonly record: AccountRecord; readonly session: Session }

/** All keys of an account that begins: its own, its first device's, those of archive and recovery, and their vault. */
export function beginAccount(
  { crypto, clock }: Pick<DeviceContext, 'crypto' | 'clock'>,
  account: AccountSummary,
  exportKey: Uint8Array,
) {
  const key = crypto.createAccountKey()
  const archiveKeys = createArchiveKeys()
  const recoveryEntropy = createRecoveryEntropy()
  const device = createDevice({ crypto, account, key, archiveKeys, previous: undefined, nowMs: clock.now() })
  const { bytes } = createVault(
    { accountId: idToBytes(account.accountId), version: 1 },
    { accountSeeds: key.seeds, archiveKeys, recoveryEntropy },
    exportKey,
  )
  const vault: SealedVault = { sealed: bytes, wraps: [] }
  return { device, vault, recoveryKey: createRecoveryKey(recoveryEntropy).publicKey }
}

/** The server has the account or it has not: the same bytes again find out. */
const ATTEMPTS = 3

async function register({ call }: DeviceContext, request: RequestOf<'finishRegistration'>): Promise<Session> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call('finishRegistration', request)
    } catch (error) {
      if (!(error instanceof NetworkError) || attempt === ATTEMPTS) throw error
    }
  }
}

/** Everything of the account is made here, stored here, and only then asked for. */
export async function signUp(
  context: DeviceContext,
  input: { readonly handle: string; readonly displayName: string; readonly password: string },
): Promise<SignedIn> {
  const { passwords, call, root } = context
  const { handle, displayName, password } = input
  const started = await passwords.startRegistration(password)
  const { registrationResponse } = await call('startRegistration', {
    handle,
    registrationRequest: started.request,
  })
  const { record: registrationRecord, exportKey } = await passwords.finishRegistration({
    password,
    state: started.state,
    response: registrationResponse,
  })

  const account: AccountSummary = { accountId: readId(randomBytes(16)), handle, displayName }
  const { device, vault, recoveryKey } = beginAccount(context, account, exportKey)
  await storeEnrolling(root, device.record, device.entries)
  try {
    const session = await register(context, {
      ...account,
      deviceId: device.record.deviceId,
      registrationRecord,
      identity: { ...device.identity },
      vault,
      recoveryKey,
    })
    return { record: { ...device.record, account: session.account }, session }
  } catch (error) {
    // Only a clear refusal says that the keys are of no use.
    if (error instanceof ProtocolError && error.retry !== 'later') await eraseAccount(root, account.accountId)
    throw error
  }
}
