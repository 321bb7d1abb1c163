import { xchacha20poly1305 } from '@noble/ciphers/chacha.js'
import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { randomBytes as nobleRandomBytes } from '@noble/hashes/utils.js'
import { assertLength, concatBytes, utf8ToBytes } from '../bytes.ts'
import { CryptoError } from '../errors.ts'

const VERSION = 1
const NONCE_BYTES = 24
const TAG_BYTES = 16
/** Bytes that sealing adds: version 1, nonce 24, tag 16. */
export const SEAL_OVERHEAD_BYTES = 1 + NONCE_BYTES + TAG_BYTES

/** Authenticated encryption under one key: XChaCha20-Poly1305 with a random nonce for each call. */
export interface Sealer {
  /** version (1) || nonce (24) || ciphertext || tag (16). `aad` is bound, not contained. */
  seal(plaintext: Uint8Array, aad: Uint8Array): Uint8Array
  /** Throws SEAL_MALFORMED, SEAL_OPEN_FAILED. */
  open(sealed: Uint8Array, aad: Uint8Array): Uint8Array
}

/**
 * `key`: 32 bytes, kept by reference. Nonces have 192 bits, so random ones do not collide in any number of calls
 * a device can make. Does not hide the length, does not commit to the key.
 */
export function createSealer(key: Uint8Array): Sealer {
  assertLength(key, 32, 'sealing key')
  return {
    seal(plaintext, aad) {
      const nonce = randomBytes(NONCE_BYTES)
      return concatBytes(Uint8Array.of(VERSION), nonce, xchacha20poly1305(key, nonce, aad).encrypt(plaintext))
    },
    open(sealed, aad) {
      if (sealed.length < SEAL_OVERHEAD_BYTES || sealed[0] !== VERSION)
        throw new CryptoError('SEAL_MALFORMED')
      const nonce = sealed.subarray(1, 1 + NONCE_BYTES)
      try {
        return xchacha20poly1305(key, nonce, aad).decrypt(sealed.subarray(1 + NONCE_BYTES))
      } catch {
        throw new CryptoError('SEAL_OPEN_FAILED')
      }
    },
  }
}

/**
 * HKDF-SHA-256 (RFC 5869), salt fixed, info = label, zero byte, context: independent keys from one secret of high
 * entropy. Not for passwords. `lengthBytes` 32 unless told.
 */
export function deriveKey(
  secret: Uint8Array,
  label: string,
  context: Uint8Array = new Uint8Array(),
  lengthBytes = 32,
): Uint8Array {
  const info = concatBytes(utf8ToBytes(label), Uint8Array.of(0), context)
  return hkdf(sha256, secret, utf8ToBytes('Entangle v1'), info, lengthBytes)
}

/** Bytes from the platform's cryptographic generator. */
export function randomBytes(lengthBytes: number): Uint8Array {
  return nobleRandomBytes(lengthBytes)
}
