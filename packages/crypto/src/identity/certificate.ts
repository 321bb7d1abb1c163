import type { Crypto, Verifier } from '../load.ts'
import type { AccountSecretKey } from './account-key.ts'

/** What the account key says about one device. Times are milliseconds since 1970. */
export interface DeviceCertificateFields {
  /** 16 bytes. */
  readonly accountId: Uint8Array
  /** 16 bytes. */
  readonly deviceId: Uint8Array
  /** The device's MLS signature key (Ed25519, 32 bytes). */
  readonly signatureKey: Uint8Array
  readonly suite: number
  readonly createdAtMs: number
  readonly expiresAtMs: number
}

/** A parsed certificate. Parsing does not verify the signature. */
export interface DeviceCertificate extends DeviceCertificateFields {
  /** The exact bytes, as they travel. */
  readonly bytes: Uint8Array
  /** SHA-256 of `bytes`; the credential and the device list name the certificate by it. */
  readonly hash: Uint8Array
}

/** Signs a certificate. Throws CRYPTO_INVALID_ARGUMENT on wrong lengths or an end before the beginning. */
export declare function createDeviceCertificate(
  crypto: Crypto,
  key: AccountSecretKey,
  fields: DeviceCertificateFields,
): DeviceCertificate

/** Strict decoding, canonical bytes only. Throws IDENTITY_MALFORMED. Verifies nothing. */
export declare function parseDeviceCertificate(bytes: Uint8Array): DeviceCertificate

/** Parses and checks both signatures and the time. Throws IDENTITY_MALFORMED, …SIGNATURE_INVALID, …CERTIFICATE_EXPIRED. */
export declare function verifyDeviceCertificate(
  verifier: Verifier,
  accountPublicKey: Uint8Array,
  bytes: Uint8Array,
  nowMs: number,
): DeviceCertificate
