import { decode, encode, rfc8949EncodeOptions } from 'cborg'
import { bytesEqual } from './bytes.ts'
import { CryptoError, type CryptoErrorCode } from './errors.ts'

/** What our signed and sealed structures consist of: arrays, so that there is one way to write each. */
export type CborValue = number | string | null | Uint8Array | readonly CborValue[]

/** Deterministic CBOR (RFC 8949 section 4.2). */
export function encodeStrict(value: CborValue): Uint8Array {
  return encode(value, rfc8949EncodeOptions)
}

/**
 * Decodes and insists that the bytes are the deterministic encoding of what they say: one meaning has one
 * encoding, so a hash over the bytes names the meaning.
 */
export function decodeStrict(bytes: Uint8Array, code: CryptoErrorCode): CborValue {
  let value: CborValue
  try {
    value = decode(bytes, {
      strict: true,
      allowIndefinite: false,
      allowUndefined: false,
      allowInfinity: false,
      allowNaN: false,
      allowBigInt: false,
      rejectDuplicateMapKeys: true,
    })
    if (!bytesEqual(encodeStrict(value), bytes)) throw new CryptoError(code, 'not deterministic')
  } catch {
    throw new CryptoError(code, 'not deterministic CBOR')
  }
  return value
}

/** Readers for the fields of a decoded array; each throws `code` when the field is of another shape. */
export interface FieldReader {
  readonly bytes: (lengthBytes: number) => Uint8Array
  readonly anyBytes: () => Uint8Array
  readonly integer: () => number
  readonly text: () => string
  readonly optionalBytes: (lengthBytes: number) => Uint8Array | null
  readonly list: () => readonly CborValue[]
}

/** Reads an array of exactly `length` fields in order. */
export function readFields(value: CborValue | undefined, length: number, code: CryptoErrorCode): FieldReader {
  if (!Array.isArray(value) || value.length !== length) throw new CryptoError(code, 'wrong number of fields')
  const fields: readonly CborValue[] = value
  let at = 0
  const next = (): CborValue | undefined => fields[at++]
  const refuse = (): never => {
    throw new CryptoError(code, `field ${at}`)
  }
  const anyBytes = (): Uint8Array => {
    const field = next()
    return field instanceof Uint8Array ? field : refuse()
  }
  const bytes = (lengthBytes: number): Uint8Array => {
    const field = anyBytes()
    return field.length === lengthBytes ? field : refuse()
  }
  return {
    bytes,
    anyBytes,
    integer: () => {
      const field = next()
      return typeof field === 'number' && Number.isSafeInteger(field) && field >= 0 ? field : refuse()
    },
    text: () => {
      const field = next()
      return typeof field === 'string' ? field : refuse()
    },
    optionalBytes: lengthBytes => {
      if (fields[at] !== null) return bytes(lengthBytes)
      at++
      return null
    },
    list: () => {
      const field = next()
      return Array.isArray(field) ? field : refuse()
    },
  }
}
