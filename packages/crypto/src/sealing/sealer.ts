/** Bytes that sealing adds: version 1, nonce 24, tag 16. */
export const SEAL_OVERHEAD_BYTES = 41

/** Authenticated encryption under one key: XChaCha20-Poly1305 with a random nonce for each call. */
export interface Sealer {
  /** version (1) || nonce (24) || ciphertext || tag (16). `aad` is bound, not contained. */
  seal(plaintext: Uint8Array, aad: Uint8Array): Uint8Array
  /** Throws SEAL_MALFORMED, SEAL_OPEN_FAILED. */
  open(sealed: Uint8Array, aad: Uint8Array): Uint8Array
}

/** `key`: 32 bytes. Nonces are 192 bits, so random ones are safe for any number of calls in practice. */
export declare function createSealer(key: Uint8Array): Sealer

/** HKDF-SHA-256 with a domain label: independent keys from one secret. */
export declare function deriveKey(
  secret: Uint8Array,
  label: string,
  context?: Uint8Array,
  lengthBytes?: number,
): Uint8Array

/** Cryptographically random bytes. */
export declare function randomBytes(lengthBytes: number): Uint8Array
