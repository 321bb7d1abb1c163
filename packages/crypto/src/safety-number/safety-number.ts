import { sha512 } from '@noble/hashes/sha2.js'
import { assertLength, concatBytes, utf8ToBytes } from '../bytes.ts'
import { ACCOUNT_PUBLIC_KEY_BYTES } from '../identity/account-key.ts'

export interface SafetyNumberParty {
  /** 16 bytes. */
  readonly accountId: Uint8Array
  /** 1984 bytes. */
  readonly accountPublicKey: Uint8Array
}

const ROUNDS = 5200
const GROUPS = 6
const GROUP_BYTES = 5

/** 30 digits for one party. The rounds make a search for a key with the same digits dearer, as the field does it. */
function digitsOf(party: SafetyNumberParty): string {
  assertLength(party.accountId, 16, 'account id')
  assertLength(party.accountPublicKey, ACCOUNT_PUBLIC_KEY_BYTES, 'account public key')
  const identity = concatBytes(party.accountId, party.accountPublicKey)
  let digest = sha512(concatBytes(utf8ToBytes('Entangle safety number v1\0'), identity))
  const key = digest
  for (let round = 1; round < ROUNDS; round++) digest = sha512(concatBytes(digest, key))
  let digits = ''
  for (let group = 0; group < GROUPS; group++) {
    const bytes = digest.subarray(group * GROUP_BYTES, (group + 1) * GROUP_BYTES)
    const value = bytes.reduce((sum, byte) => sum * 256 + byte, 0)
    digits += String(value % 100_000).padStart(5, '0')
  }
  return digits
}

/**
 * 60 decimal digits (no spaces) over two account keys; the same whoever asks. A new device does not change it,
 * a new account key does. 30 digits (about 100 bits) stand for each party. Throws CRYPTO_INVALID_ARGUMENT.
 */
export function createSafetyNumber(one: SafetyNumberParty, other: SafetyNumberParty): string {
  const [first, second] = [digitsOf(one), digitsOf(other)].sort()
  return `${first}${second}`
}
