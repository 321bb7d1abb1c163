import init, {
  accountVerify,
  deviceVerify,
  readHeader,
  __wbg_reset_state as resetState,
  suite,
  validateKeyPackage,
} from '../wasm/entangle_crypto.js'
import { guarded, onTrap } from './mls/core.ts'
import { publicGroupSource } from './mls/open-public-group.ts'
import type { PublicGroupSource } from './mls/public-group.ts'
import type { KeyPackageInfo, MessageHeader } from './mls/types.ts'

/** The bytes of `@entangle/crypto/entangle.wasm`, or a compiled `WebAssembly.Module`. */
export type WasmSource = Uint8Array | object

/** Checks signatures of accounts and devices. Part of {@link Verifier}. */
export interface SignatureVerifier {
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

/** What needs no secret: all that a server may use. */
export interface Verifier extends SignatureVerifier, PublicGroupSource {
  /** The cipher suite's code point, 0x004E (draft-ietf-mls-pq-ciphersuites). */
  readonly suite: number
  /** Reads the clear header of an MLSMessage; nothing of it is verified. Throws CRYPTO_MALFORMED. */
  readMessageHeader(message: Uint8Array): MessageHeader
  /**
   * Checks signature, suite, capabilities and lifetime: it must cover `nowMs` and the system's present, and span at
   * most 90 days and two hours. Throws CRYPTO_MALFORMED, CRYPTO_KEY_PACKAGE_INVALID, CRYPTO_KEY_PACKAGE_EXPIRED,
   * CRYPTO_UNSUPPORTED_SUITE.
   */
  validateKeyPackage(keyPackage: Uint8Array, nowMs: number): KeyPackageInfo
}

/**
 * Starts the WebAssembly core for a party without secrets (the server). The caller brings the bytes.
 * One instance for a realm: a second call answers with the first one's and ignores its argument.
 */
export async function loadVerifier(wasm: WasmSource): Promise<Verifier> {
  await init({ module_or_path: wasm })
  onTrap(resetState)
  return {
    suite: suite(),
    readMessageHeader: message => guarded((): MessageHeader => readHeader(message)),
    validateKeyPackage: (keyPackage, nowMs) =>
      guarded((): KeyPackageInfo => validateKeyPackage(keyPackage, nowMs)),
    verifyAccountSignature: (publicKey, label, message, signature) =>
      guarded(() => accountVerify(publicKey, label, message, signature)),
    verifyDeviceSignature: (signatureKey, label, message, signature) =>
      guarded(() => deviceVerify(signatureKey, label, message, signature)),
    ...publicGroupSource,
  }
}
