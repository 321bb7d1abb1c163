import { sha256 } from '@noble/hashes/sha2.js'
import { CryptoError } from '../errors.ts'
import { type CborValue, decodeStrict, encodeStrict, readFields } from '../strict-cbor.ts'
import { ACCOUNT_SIGNATURE_BYTES } from './account-key.ts'

/** A payload and the account's signature over exactly its bytes, as one CBOR array of two byte strings. */
export interface SignedBytes {
  readonly payload: Uint8Array
  readonly signature: Uint8Array
  readonly bytes: Uint8Array
  /** SHA-256 of the payload: a signature can be renewed, the statement stays the same. */
  readonly hash: Uint8Array
}

export function encodeSigned(payload: Uint8Array, signature: Uint8Array): SignedBytes {
  return { payload, signature, bytes: encodeStrict([payload, signature]), hash: sha256(payload) }
}

/** Throws IDENTITY_MALFORMED. */
export function parseSigned(bytes: Uint8Array): SignedBytes {
  const fields = readFields(decodeStrict(bytes, 'IDENTITY_MALFORMED'), 2, 'IDENTITY_MALFORMED')
  const payload = fields.anyBytes()
  return { payload, signature: fields.bytes(ACCOUNT_SIGNATURE_BYTES), bytes, hash: sha256(payload) }
}

/** The payload's array, its format number checked. Throws IDENTITY_MALFORMED. */
export function readPayload(payload: Uint8Array, length: number, format: number) {
  const fields = readFields(decodeStrict(payload, 'IDENTITY_MALFORMED'), length, 'IDENTITY_MALFORMED')
  if (fields.integer() !== format) throw new CryptoError('IDENTITY_MALFORMED', 'unknown format')
  return fields
}

export function encodePayload(fields: readonly CborValue[]): Uint8Array {
  return encodeStrict(fields)
}
