/** Length of an account public key: Ed25519 (32) then ML-DSA-65 (1952). */
export const ACCOUNT_PUBLIC_KEY_BYTES = 1984
/** Length of an account signature: Ed25519 (64) then ML-DSA-65 (3309). */
export const ACCOUNT_SIGNATURE_BYTES = 3373
/** Length of the seeds: Ed25519 (32) then ML-DSA-65 (32). */
export const ACCOUNT_SEEDS_BYTES = 64

/** The account's identity key. Held for the moment of signing only; at rest it lives in the vault. */
export interface AccountSecretKey {
  /** 64 bytes. Secret. */
  readonly seeds: Uint8Array
  /** 1984 bytes. */
  readonly publicKey: Uint8Array
}
