import { concatBytes, hexToBytes, bytesToHex as toHex, utf8ToBytes } from '@noble/hashes/utils.js'
import { CryptoError } from './errors.ts'

export { concatBytes, hexToBytes, toHex, utf8ToBytes }

/** Equality whose time depends on the lengths only. */
export function bytesEqual(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false
  let difference = 0
  for (let at = 0; at < one.length; at++) difference |= (one[at] ?? 0) ^ (other[at] ?? 0)
  return difference === 0
}

/** Throws CRYPTO_INVALID_ARGUMENT unless `value` is bytes of exactly this length. */
export function assertLength(value: Uint8Array, lengthBytes: number, name: string): void {
  if (!(value instanceof Uint8Array) || value.length !== lengthBytes) {
    throw new CryptoError('CRYPTO_INVALID_ARGUMENT', `${name} is not ${lengthBytes} bytes`)
  }
}
