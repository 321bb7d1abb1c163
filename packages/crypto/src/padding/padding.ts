import { CryptoError } from '../errors.ts'

/** The largest bucket, and so the largest padded content: 60 KiB. */
export const MAX_PADDED_BYTES = 61_440
const SMALLEST_BUCKET = 64
const MARK = 0x80

function bucketFor(neededBytes: number): number {
  let bucket = SMALLEST_BUCKET
  while (bucket < neededBytes) bucket *= 2
  return Math.min(bucket, MAX_PADDED_BYTES)
}

/**
 * Pads to the next bucket (64 bytes, then powers of two, at last 60 KiB): content || 0x80 || zeros.
 * Content of at most 61,439 bytes; longer throws PADDING_TOO_LARGE.
 */
export function padToBucket(content: Uint8Array): Uint8Array {
  if (content.length + 1 > MAX_PADDED_BYTES) throw new CryptoError('PADDING_TOO_LARGE')
  const padded = new Uint8Array(bucketFor(content.length + 1))
  padded.set(content)
  padded[content.length] = MARK
  return padded
}

/** Strict inverse: accepts exactly what {@link padToBucket} writes. Throws PADDING_INVALID. */
export function unpad(padded: Uint8Array): Uint8Array {
  let end = padded.length - 1
  while (end >= 0 && padded[end] === 0) end--
  if (end < 0 || padded[end] !== MARK || bucketFor(end + 1) !== padded.length) {
    throw new CryptoError('PADDING_INVALID')
  }
  return padded.slice(0, end)
}
