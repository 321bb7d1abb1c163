import { assertLength } from '../bytes.ts'
import { CryptoError } from '../errors.ts'
import type { AccountSigner } from '../load.ts'
import type { SignatureVerifier } from '../load-verifier.ts'
import type { AccountSecretKey } from './account-key.ts'
import { encodePayload, encodeSigned, parseSigned, readPayload, type SignedBytes } from './signed-bytes.ts'

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
  /** SHA-256 of the signed payload; the credential and the device list name the certificate by it. */
  readonly hash: Uint8Array
}

const LABEL = 'device certificate'
const FORMAT = 1

function assertFields(fields: DeviceCertificateFields): void {
  assertLength(fields.accountId, 16, 'account id')
  assertLength(fields.deviceId, 16, 'device id')
  assertLength(fields.signatureKey, 32, 'signature key')
  if (!(fields.createdAtMs < fields.expiresAtMs)) throw new CryptoError('CRYPTO_INVALID_ARGUMENT', 'lifetime')
}

/** Signs a certificate. Throws CRYPTO_INVALID_ARGUMENT on wrong lengths or an end before the beginning. */
export function createDeviceCertificate(
  signer: AccountSigner,
  key: AccountSecretKey,
  fields: DeviceCertificateFields,
): DeviceCertificate {
  assertFields(fields)
  const payload = encodePayload([
    FORMAT,
    fields.accountId,
    fields.deviceId,
    fields.signatureKey,
    fields.suite,
    fields.createdAtMs,
    fields.expiresAtMs,
  ])
  return fromSigned(encodeSigned(payload, signer.signWithAccountKey(key, LABEL, payload)))
}

function fromSigned(signed: SignedBytes): DeviceCertificate {
  const fields = readPayload(signed.payload, 7, FORMAT)
  const certificate = {
    accountId: fields.bytes(16),
    deviceId: fields.bytes(16),
    signatureKey: fields.bytes(32),
    suite: fields.integer(),
    createdAtMs: fields.integer(),
    expiresAtMs: fields.integer(),
    bytes: signed.bytes,
    hash: signed.hash,
  }
  if (certificate.createdAtMs >= certificate.expiresAtMs)
    throw new CryptoError('IDENTITY_MALFORMED', 'lifetime')
  return certificate
}

/** Strict decoding, canonical bytes only. Throws IDENTITY_MALFORMED. Verifies nothing. */
export function parseDeviceCertificate(bytes: Uint8Array): DeviceCertificate {
  return fromSigned(parseSigned(bytes))
}

/**
 * The same statement under another account key, see {@link Succession}: its hash stays, so leaves and lists that name it
 * by that do too. Throws IDENTITY_MALFORMED.
 */
export function renewDeviceCertificate(
  signer: AccountSigner,
  key: AccountSecretKey,
  bytes: Uint8Array,
): DeviceCertificate {
  const { payload } = parseSigned(bytes)
  return fromSigned(encodeSigned(payload, signer.signWithAccountKey(key, LABEL, payload)))
}

/**
 * Parses, checks both signatures, and that `nowMs` lies within the lifetime.
 * Throws IDENTITY_MALFORMED, IDENTITY_SIGNATURE_INVALID, IDENTITY_CERTIFICATE_EXPIRED.
 */
export function verifyDeviceCertificate(
  verifier: SignatureVerifier,
  accountPublicKey: Uint8Array,
  bytes: Uint8Array,
  nowMs: number,
): DeviceCertificate {
  const signed = parseSigned(bytes)
  const certificate = fromSigned(signed)
  if (!verifier.verifyAccountSignature(accountPublicKey, LABEL, signed.payload, signed.signature)) {
    throw new CryptoError('IDENTITY_SIGNATURE_INVALID', LABEL)
  }
  assertWithinLifetime(certificate, nowMs)
  return certificate
}

/** Clocks differ: a certificate may be this much younger than the verifier's present. */
const CLOCK_SKEW_MS = 10 * 60 * 1000

/** Throws IDENTITY_CERTIFICATE_EXPIRED. */
export function assertWithinLifetime(certificate: DeviceCertificateFields, nowMs: number): void {
  if (nowMs + CLOCK_SKEW_MS < certificate.createdAtMs || nowMs >= certificate.expiresAtMs) {
    throw new CryptoError('IDENTITY_CERTIFICATE_EXPIRED')
  }
}
