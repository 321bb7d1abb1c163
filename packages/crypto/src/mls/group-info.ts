import { CryptoError } from '../errors.ts'

const MESSAGE_HEADER_BYTES = 4
const VERSION_AND_SUITE_BYTES = 4
const EPOCH_BYTES = 8

/** Where the vector that begins at `at` ends (RFC 9420 section 2.1.2). */
function endOfVector(bytes: Uint8Array, at: number): number {
  const first = bytes[at]
  if (first === undefined || first >> 6 === 3) throw new CryptoError('CRYPTO_MALFORMED', 'GroupInfo')
  const width = 1 << (first >> 6)
  let length = first & 0x3f
  for (let index = 1; index < width; index++) length = length * 256 + (bytes[at + index] ?? 0)
  return at + width + length
}

/**
 * Leaf index of the member whose signature a GroupInfo carries (RFC 9420 section 12.4.3): the one whose word for the
 * group it is. `groupInfo`: MLSMessage bytes that were verified already, as by `createPublicGroup`; this only reads.
 * Throws CRYPTO_MALFORMED.
 */
export function signerOfGroupInfo(groupInfo: Uint8Array): number {
  let at = endOfVector(groupInfo, MESSAGE_HEADER_BYTES + VERSION_AND_SUITE_BYTES) + EPOCH_BYTES
  for (const _ of ['tree hash', 'transcript hash', 'context extensions', 'extensions', 'confirmation tag']) {
    at = endOfVector(groupInfo, at)
  }
  if (at + 4 > groupInfo.length) throw new CryptoError('CRYPTO_MALFORMED', 'GroupInfo')
  return new DataView(groupInfo.buffer, groupInfo.byteOffset).getUint32(at)
}
