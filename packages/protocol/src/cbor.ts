import { decode, encode } from 'cborg'

/** Encodes plain data (maps with string keys, arrays, numbers, strings, byte strings) as CBOR (RFC 8949). */
export function encodeCbor(value: unknown): Uint8Array {
  return encode(value, { ignoreUndefinedProperties: true })
}

/**
 * Decodes exactly one CBOR item, strictly: no indefinite lengths, no duplicate or non-string map keys,
 * no tags, no non-canonical integers, nothing after it. Throws on anything else.
 */
export function decodeCbor(bytes: Uint8Array): unknown {
  return decode(bytes, {
    strict: true,
    allowIndefinite: false,
    allowUndefined: false,
    allowBigInt: false,
    allowInfinity: false,
    allowNaN: false,
    rejectDuplicateMapKeys: true,
    useMaps: false,
  })
}
