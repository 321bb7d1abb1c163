import type { AccountSecretKey } from './identity/account-key.ts'
import type { DeviceState } from './mls/device-state.ts'
import type { PublicGroupSource } from './mls/public-group.ts'
import type { KeyPackageInfo, MessageHeader, StateEntry } from './mls/types.ts'

/** The bytes of `@entangle/crypto/entangle.wasm`, or a compiled `WebAssembly.Module`. */
export type WasmSource = Uint8Array | object

/** What needs no secret: all that a server may use. */
export interface Verifier extends PublicGroupSource {
  /** The cipher suite's code point, 0x004E. */
  readonly suite: number
  /** Reads the header of an MLSMessage. Throws CRYPTO_MALFORMED. */
  readMessageHeader(message: Uint8Array): MessageHeader
  /**
   * Checks signature, suite, capabilities and lifetime (must cover `nowMs`, at most 90 days and an hour).
   * Throws CRYPTO_MALFORMED, CRYPTO_KEY_PACKAGE_INVALID, CRYPTO_KEY_PACKAGE_EXPIRED, CRYPTO_UNSUPPORTED_SUITE.
   */
  validateKeyPackage(keyPackage: Uint8Array, nowMs: number): KeyPackageInfo
  /** True only if both the Ed25519 and the ML-DSA-65 signature verify. Never throws on hostile bytes. */
  verifyAccountSignature(
    publicKey: Uint8Array,
    label: string,
    message: Uint8Array,
    signature: Uint8Array,
  ): boolean
  /** Counterpart of `DeviceState.signWithDeviceKey`. Never throws on hostile bytes. */
  verifyDeviceSignature(
    signatureKey: Uint8Array,
    label: string,
    message: Uint8Array,
    signature: Uint8Array,
  ): boolean
}

/** Everything: for a device. */
export interface Crypto extends Verifier {
  /** Two random seeds (32 bytes each) and the public key they give. */
  createAccountKey(): AccountSecretKey
  /** The same from stored seeds (64 bytes: Ed25519 seed, ML-DSA-65 seed). */
  accountKeyFromSeeds(seeds: Uint8Array): AccountSecretKey
  /** Ed25519 and ML-DSA-65 (FIPS 204) over label and message: 64 + 3309 bytes. */
  signWithAccountKey(key: AccountSecretKey, label: string, message: Uint8Array): Uint8Array
  /** A state with the given entries loaded (none: a new device). */
  openDeviceState(entries?: Iterable<StateEntry>): DeviceState
}

/**
 * Starts the WebAssembly core. The caller brings the bytes, so this package needs neither network nor files.
 * One instance a realm: a second call answers with the first one's.
 */
export async function loadCrypto(_wasm: WasmSource): Promise<Crypto> {
  throw new Error('not built yet')
}
