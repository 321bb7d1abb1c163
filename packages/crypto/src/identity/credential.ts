import { assertLength, bytesEqual, concatBytes } from '../bytes.ts'
import { CryptoError } from '../errors.ts'
import type { MemberLeaf } from '../mls/types.ts'
import { assertWithinLifetime, type DeviceCertificate } from './certificate.ts'
import type { VerifiedDeviceList } from './device-list.ts'

/** Length of an encoded credential: version 1, account 16, device 16, certificate hash 32. */
export const CREDENTIAL_BYTES = 65
const VERSION = 1

/** What stands in the MLS leaf (RFC 9420 section 5.3, basic credential). */
export interface DeviceCredential {
  readonly accountId: Uint8Array
  readonly deviceId: Uint8Array
  /** `hash` of the device's certificate. */
  readonly certificateHash: Uint8Array
}

/** 65 bytes. Throws CRYPTO_INVALID_ARGUMENT on wrong lengths. */
export function encodeCredential(credential: DeviceCredential): Uint8Array {
  assertLength(credential.accountId, 16, 'account id')
  assertLength(credential.deviceId, 16, 'device id')
  assertLength(credential.certificateHash, 32, 'certificate hash')
  return concatBytes(
    Uint8Array.of(VERSION),
    credential.accountId,
    credential.deviceId,
    credential.certificateHash,
  )
}

/** Throws IDENTITY_MALFORMED. */
export function parseCredential(bytes: Uint8Array): DeviceCredential {
  if (bytes.length !== CREDENTIAL_BYTES || bytes[0] !== VERSION) {
    throw new CryptoError('IDENTITY_MALFORMED', 'credential')
  }
  return {
    accountId: bytes.slice(1, 17),
    deviceId: bytes.slice(17, 33),
    certificateHash: bytes.slice(33),
  }
}

/**
 * The check every added or changed leaf passes before its commit is persisted. `list` is the verified, pinned list
 * of the account, `certificate` one that `verifyDeviceCertificate` accepted under the list's account key.
 * Credential, leaf key, certificate and list entry must name the same device and key, and certificate and entry be
 * valid at `nowMs`. Returns the credential. Throws IDENTITY_MALFORMED, IDENTITY_OTHER_ACCOUNT,
 * IDENTITY_DEVICE_NOT_LISTED, IDENTITY_CERTIFICATE_MISMATCH, IDENTITY_CERTIFICATE_EXPIRED.
 */
export function checkLeaf(
  leaf: Pick<MemberLeaf, 'credential' | 'signatureKey'>,
  list: VerifiedDeviceList,
  certificate: DeviceCertificate,
  nowMs: number,
): DeviceCredential {
  const credential = parseCredential(leaf.credential)
  if (!bytesEqual(credential.accountId, list.accountId)) throw new CryptoError('IDENTITY_OTHER_ACCOUNT')
  const entry = list.entries.find(listed => bytesEqual(listed.deviceId, credential.deviceId))
  if (!entry) throw new CryptoError('IDENTITY_DEVICE_NOT_LISTED')
  const same =
    bytesEqual(certificate.accountId, credential.accountId) &&
    bytesEqual(certificate.deviceId, credential.deviceId) &&
    bytesEqual(certificate.hash, credential.certificateHash) &&
    bytesEqual(entry.certificateHash, certificate.hash) &&
    bytesEqual(entry.signatureKey, certificate.signatureKey) &&
    bytesEqual(leaf.signatureKey, certificate.signatureKey) &&
    entry.suite === certificate.suite
  if (!same) throw new CryptoError('IDENTITY_CERTIFICATE_MISMATCH')
  assertWithinLifetime(certificate, nowMs)
  if (nowMs >= entry.expiresAtMs) throw new CryptoError('IDENTITY_CERTIFICATE_EXPIRED')
  return credential
}

/** Whether two credentials name the same account and device. False when one is malformed. */
export function sameDevice(one: Uint8Array, other: Uint8Array): boolean {
  const known = (bytes: Uint8Array) => bytes.length === CREDENTIAL_BYTES && bytes[0] === VERSION
  return known(one) && known(other) && bytesEqual(one.subarray(1, 33), other.subarray(1, 33))
}

/** For a changed leaf: same account and device before and after. Throws IDENTITY_CERTIFICATE_MISMATCH. */
export function assertSameDevice(
  before: Pick<MemberLeaf, 'credential'>,
  after: Pick<MemberLeaf, 'credential'>,
): void {
  if (!sameDevice(before.credential, after.credential)) throw new CryptoError('IDENTITY_CERTIFICATE_MISMATCH')
}
