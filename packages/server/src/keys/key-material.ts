import type { AccountId, DeviceId, PublicIdentity } from '@entangle/protocol'

/** What a signed device list says, once its signatures and certificates have been checked. */
export type CheckedIdentity = {
  readonly accountId: AccountId
  readonly handle: string
  readonly version: number
  /** What the list says of the one before it; null for the first. */
  readonly previousHash: Uint8Array | null
  /** The newest change of the account key, by which it follows the one before; null where there was none. */
  readonly succession: { readonly number: number; readonly oldKey: Uint8Array } | null
  readonly devices: readonly { readonly deviceId: DeviceId; readonly signatureKey: Uint8Array }[]
}

export type CheckedKeyPackage = {
  readonly ref: Uint8Array
  readonly accountId: AccountId
  readonly deviceId: DeviceId
  readonly signatureKey: Uint8Array
  readonly lastResort: boolean
  readonly expiresAt: number
}

/** The public side of the cryptography: everything here is checked without any secret. */
export type KeyMaterial = {
  /** Throws KEYS_IDENTITY_INVALID. */
  checkIdentity(identity: PublicIdentity, nowMs: number): CheckedIdentity
  /** Of a list that was checked before: the hash by which the next one names it, and its devices. */
  readList(deviceList: Uint8Array): { readonly hash: Uint8Array; readonly deviceIds: readonly DeviceId[] }
  /** Throws KEYS_PACKAGE_INVALID. */
  checkKeyPackage(keyPackage: Uint8Array, nowMs: number): CheckedKeyPackage
  verifyDeviceSignature(
    signatureKey: Uint8Array,
    label: string,
    message: Uint8Array,
    signature: Uint8Array,
  ): boolean
}
