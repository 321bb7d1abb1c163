import type { MemberLeaf } from '../mls/types.ts'
import type { DeviceCertificate } from './certificate.ts'
import type { VerifiedDeviceList } from './device-list.ts'

/** Length of an encoded credential: version 1, account 16, device 16, certificate hash 32. */
export const CREDENTIAL_BYTES = 65

/** What stands in the MLS leaf (RFC 9420 section 5.3, basic credential). */
export interface DeviceCredential {
  readonly accountId: Uint8Array
  readonly deviceId: Uint8Array
  /** SHA-256 of the device certificate's bytes. */
  readonly certificateHash: Uint8Array
}

/** 65 bytes. Throws CRYPTO_INVALID_ARGUMENT on wrong lengths. */
export declare function encodeCredential(credential: DeviceCredential): Uint8Array

/** Throws IDENTITY_MALFORMED. */
export declare function parseCredential(bytes: Uint8Array): DeviceCredential

/**
 * The check every added or changed leaf passes before its commit is persisted: credential, leaf signature key,
 * certificate (verified, under the list's account key) and list entry all name the same device and key, and
 * certificate and entry are valid at `nowMs`. Returns the credential. Throws IDENTITY_MALFORMED,
 * IDENTITY_OTHER_ACCOUNT, IDENTITY_DEVICE_NOT_LISTED, IDENTITY_CERTIFICATE_MISMATCH, IDENTITY_CERTIFICATE_EXPIRED.
 */
export declare function checkLeaf(
  leaf: Pick<MemberLeaf, 'credential' | 'signatureKey'>,
  list: VerifiedDeviceList,
  certificate: DeviceCertificate,
  nowMs: number,
): DeviceCredential

/** For a changed leaf: same account and device before and after. Throws IDENTITY_CERTIFICATE_MISMATCH. */
export declare function assertSameDevice(before: MemberLeaf, after: MemberLeaf): void
