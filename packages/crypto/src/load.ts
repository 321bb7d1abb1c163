import { accountPublicKey, accountSeeds, accountSign } from '../wasm/entangle_crypto.js'
import { assertLength } from './bytes.ts'
import { ACCOUNT_SEEDS_BYTES, type AccountSecretKey } from './identity/account-key.ts'
import { loadVerifier, type Verifier, type WasmSource } from './load-verifier.ts'
import { guarded } from './mls/core.ts'
import type { DeviceState } from './mls/device-state.ts'
import { openDeviceState } from './mls/open-device-state.ts'
import type { StateEntry } from './mls/types.ts'

/** Signs with the account key. Part of {@link Crypto}. */
export interface AccountSigner {
  /** Ed25519 and ML-DSA-65 (FIPS 204, deterministic) over label and message: 64 + 3309 bytes. */
  signWithAccountKey(key: AccountSecretKey, label: string, message: Uint8Array): Uint8Array
}

/** Everything: for a device. */
export interface Crypto extends Verifier, AccountSigner {
  /** Two random seeds (32 bytes each) and the public key they give. */
  createAccountKey(): AccountSecretKey
  /** The same from stored seeds (64 bytes: Ed25519 seed, ML-DSA-65 seed). Throws CRYPTO_INVALID_ARGUMENT. */
  accountKeyFromSeeds(seeds: Uint8Array): AccountSecretKey
  /** A state with the given entries loaded (none: a new device). */
  openDeviceState(entries?: Iterable<StateEntry>): DeviceState
}

/**
 * Starts the WebAssembly core. The caller brings the bytes, so this package needs neither network nor files.
 * One instance for a realm: a second call answers with the first one's and ignores its argument.
 */
export async function loadCrypto(wasm: WasmSource): Promise<Crypto> {
  const verifier = await loadVerifier(wasm)
  const fromSeeds = (seeds: Uint8Array): AccountSecretKey => {
    assertLength(seeds, ACCOUNT_SEEDS_BYTES, 'account seeds')
    return { seeds, publicKey: guarded(() => accountPublicKey(seeds)) }
  }
  return {
    ...verifier,
    createAccountKey: () => fromSeeds(guarded(accountSeeds)),
    accountKeyFromSeeds: fromSeeds,
    signWithAccountKey: (key, label, message) => guarded(() => accountSign(key.seeds, label, message)),
    openDeviceState,
  }
}
