import type { Crypto, Verifier } from '../load.ts'
import type { AccountSecretKey } from './account-key.ts'

export interface DeviceListEntry {
  /** 16 bytes. */
  readonly deviceId: Uint8Array
  /** SHA-256 of the device's certificate. */
  readonly certificateHash: Uint8Array
  /** MLS signature key, 32 bytes. */
  readonly signatureKey: Uint8Array
  readonly suite: number
  readonly expiresAtMs: number
}

/** A parsed list. Parsing does not verify the signature; see {@link VerifiedDeviceList}. */
export interface DeviceList {
  /** 1 for the first list. */
  readonly version: number
  /** SHA-256 of the previous list's bytes; null for version 1. */
  readonly previousHash: Uint8Array | null
  /** 16 bytes. */
  readonly accountId: Uint8Array
  readonly handle: string
  /** SHA-256 of the account public key that signs. */
  readonly accountKeyHash: Uint8Array
  readonly entries: readonly DeviceListEntry[]
  /** The exact bytes, as they travel. */
  readonly bytes: Uint8Array
  /** SHA-256 of `bytes`. */
  readonly hash: Uint8Array
}

/** A list whose two signatures verified under `accountPublicKey`. Pin it: store `bytes` and `accountPublicKey`. */
export interface VerifiedDeviceList extends DeviceList {
  readonly verified: true
  readonly accountPublicKey: Uint8Array
}

/** The first list of a new account (version 1). */
export declare function createDeviceList(
  crypto: Crypto,
  key: AccountSecretKey,
  fields: {
    readonly accountId: Uint8Array
    readonly handle: string
    readonly entries: readonly DeviceListEntry[]
  },
): VerifiedDeviceList

/** The list that follows `previous`, signed by the same key. */
export declare function nextDeviceList(
  crypto: Crypto,
  key: AccountSecretKey,
  previous: VerifiedDeviceList,
  change: { readonly handle?: string; readonly entries: readonly DeviceListEntry[] },
): VerifiedDeviceList

/** Strict decoding, canonical bytes only. Throws IDENTITY_MALFORMED. Verifies nothing. */
export declare function parseDeviceList(bytes: Uint8Array): DeviceList

/**
 * First contact (trust on first use) and reading back a pinned list: both signatures under `accountPublicKey`.
 * Throws IDENTITY_MALFORMED, IDENTITY_OTHER_KEY, IDENTITY_SIGNATURE_INVALID.
 */
export declare function verifyDeviceList(
  verifier: Verifier,
  accountPublicKey: Uint8Array,
  bytes: Uint8Array,
): VerifiedDeviceList

/**
 * Follows the chain from the pinned list over `next` (oldest first) and returns the last one; the pinned list
 * itself when `next` is empty or repeats it. Throws IDENTITY_LIST_ROLLBACK, …_FORK, …_GAP, IDENTITY_OTHER_ACCOUNT,
 * IDENTITY_OTHER_KEY, IDENTITY_SIGNATURE_INVALID, IDENTITY_MALFORMED.
 */
export declare function verifyDeviceListChain(
  verifier: Verifier,
  pinned: VerifiedDeviceList,
  next: readonly Uint8Array[],
): VerifiedDeviceList
