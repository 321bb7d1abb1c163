import {
  addArchiveKey,
  CryptoError,
  createRecoveryKey,
  entropyFromRecoveryPhrase,
  type OpenedVault,
  openVaultWithPhrase,
} from '@entangle/crypto'
import { idToBytes } from '@entangle/protocol'
import { engineFailure } from '../api/failures.ts'
import { utf8Bytes } from '../bytes.ts'
import { NetworkError } from '../ports/transport.ts'
import { replacePassword } from './account-changes.ts'
import type { DeviceContext } from './device-context.ts'
import { enrol } from './signing-in.ts'
import type { SignedIn } from './signing-up.ts'

/** The server has the new password or it has not: the same grant tries again. */
const ATTEMPTS = 3

function readPhrase(phrase: string): Uint8Array {
  try {
    return entropyFromRecoveryPhrase(phrase)
  } catch (error) {
    throw error instanceof CryptoError ? engineFailure('ENGINE_PHRASE_INVALID') : error
  }
}

/** Whoever was removed with the others opens nothing that is archived from now on. */
const withNewArchiveKey = (opened: OpenedVault): OpenedVault => ({
  ...opened,
  contents: { ...opened.contents, archiveKeys: addArchiveKey(opened.contents.archiveKeys) },
})

/**
 * Signs in by the recovery phrase alone. Whoever needs it has lost every device: this one takes their place in
 * the device list, so that nobody who found one of them reads on. The phrase opens the vault as before, which
 * is wrapped anew under the new password.
 */
export async function recoverAccount(
  context: DeviceContext,
  input: { readonly handle: string; readonly phrase: string; readonly newPassword: string },
): Promise<SignedIn> {
  const { call } = context
  const key = createRecoveryKey(readPhrase(input.phrase))
  const { recoveryId } = await call('startRecovery', { handle: input.handle })
  const answer = await call('finishRecovery', {
    recoveryId,
    signature: key.sign('entangle recovery', utf8Bytes(recoveryId)),
  })
  const { changeGrant, vault } = answer
  const opened = withNewArchiveKey(
    openVaultWithPhrase(vault.sealed, idToBytes(answer.account.accountId), input.phrase),
  )
  const signedIn = await enrol(context, answer, opened.contents, 'lost')
  const { accessToken } = signedIn.session
  const calls = { call: ((name, request) => call(name, request, accessToken)) as typeof call }
  for (let attempt = 1; ; attempt++) {
    try {
      await replacePassword(context, calls, { next: input.newPassword, opened, changeGrant })
      return signedIn
    } catch (error) {
      if (!(error instanceof NetworkError) || attempt === ATTEMPTS) throw error
    }
  }
}
