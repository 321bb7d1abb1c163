import { ed25519 } from '@noble/curves/ed25519.js'
import { assertLength, concatBytes, utf8ToBytes } from '../bytes.ts'
import { CryptoError } from '../errors.ts'
import { deriveKey } from '../sealing/sealer.ts'
import { RECOVERY_ENTROPY_BYTES } from './recovery-phrase.ts'

/** Ed25519 (RFC 8032) key pair that stands for the recovery phrase towards the server. */
export interface RecoveryKey {
  /** 32 bytes. The server keeps it from sign-up on. */
  readonly publicKey: Uint8Array
  /**
   * 64 bytes over label (at most 255 bytes of UTF-8) and message, in the form of a device signature, so that
   * `verifyDeviceSignature` checks it. Throws CRYPTO_INVALID_ARGUMENT.
   */
  sign(label: string, message: Uint8Array): Uint8Array
}

const DOMAIN = utf8ToBytes('Entangle device signature v1\0')

/**
 * The key that belongs to a phrase. `entropy`: 16 bytes; its 128 bits are the strength. The key is independent of
 * what wraps the vault, so that who has seen it or its signatures learns nothing that opens the vault.
 * Throws CRYPTO_INVALID_ARGUMENT.
 */
export function createRecoveryKey(entropy: Uint8Array): RecoveryKey {
  assertLength(entropy, RECOVERY_ENTROPY_BYTES, 'recovery entropy')
  const seed = deriveKey(entropy, 'recovery signature key')
  return {
    publicKey: ed25519.getPublicKey(seed),
    sign(label, message) {
      const labelBytes = utf8ToBytes(label)
      if (labelBytes.length > 255) throw new CryptoError('CRYPTO_INVALID_ARGUMENT', 'label over 255 bytes')
      return ed25519.sign(concatBytes(DOMAIN, Uint8Array.of(labelBytes.length), labelBytes, message), seed)
    },
  }
}
