import { sha256 } from '@noble/hashes/sha2.js'
import { assertLength, bytesEqual, toHex } from '../bytes.ts'
import { CryptoError } from '../errors.ts'
import type { AccountSigner } from '../load.ts'
import type { SignatureVerifier } from '../load-verifier.ts'
import { ACCOUNT_PUBLIC_KEY_BYTES, type AccountSecretKey } from './account-key.ts'
import { encodePayload, encodeSigned, parseSigned, readPayload } from './signed-bytes.ts'

/** The old account key says which one comes after it. */
export interface Succession {
  /** 16 bytes. */
  readonly accountId: Uint8Array
  /** 1 for the first one of an account, rising by one. */
  readonly number: number
  /** Account public keys, 1984 bytes each. */
  readonly oldKey: Uint8Array
  readonly newKey: Uint8Array
  /** The exact bytes, as they travel. */
  readonly bytes: Uint8Array
}

/** Account public keys in the order in which they followed each other; the last one is the account's. */
export type AccountKeys = readonly [Uint8Array, ...Uint8Array[]]

/** An identity carries the newest ones; who has pinned an earlier key cannot follow any more. */
export const MAX_SUCCESSIONS = 8
const LABEL = 'account succession'
const FORMAT = 1

/** Signed by the old key. Throws CRYPTO_INVALID_ARGUMENT on wrong lengths and where nothing changes. */
export function createSuccession(
  signer: AccountSigner,
  old: AccountSecretKey,
  fields: { readonly accountId: Uint8Array; readonly number: number; readonly newKey: Uint8Array },
): Uint8Array {
  assertLength(fields.accountId, 16, 'account id')
  assertLength(fields.newKey, ACCOUNT_PUBLIC_KEY_BYTES, 'account public key')
  if (bytesEqual(old.publicKey, fields.newKey)) throw new CryptoError('CRYPTO_INVALID_ARGUMENT', 'same key')
  const payload = encodePayload([FORMAT, fields.accountId, fields.number, old.publicKey, fields.newKey])
  return encodeSigned(payload, signer.signWithAccountKey(old, LABEL, payload)).bytes
}

/** Strict decoding, then both signatures of the old key. Throws IDENTITY_MALFORMED, IDENTITY_SIGNATURE_INVALID. */
export function verifySuccession(verifier: SignatureVerifier, bytes: Uint8Array): Succession {
  const signed = parseSigned(bytes)
  const fields = readPayload(signed.payload, 5, FORMAT)
  const succession = {
    accountId: fields.bytes(16),
    number: fields.integer(),
    oldKey: fields.bytes(ACCOUNT_PUBLIC_KEY_BYTES),
    newKey: fields.bytes(ACCOUNT_PUBLIC_KEY_BYTES),
    bytes,
  }
  if (!verifier.verifyAccountSignature(succession.oldKey, LABEL, signed.payload, signed.signature)) {
    throw new CryptoError('IDENTITY_SIGNATURE_INVALID', LABEL)
  }
  return succession
}

/**
 * The keys from the oldest that the successions name to `accountKey`, which has to be the last one's successor; only
 * `accountKey` without any. Each key has to follow the one before it, under the next number, and none twice.
 * Throws IDENTITY_MALFORMED, IDENTITY_SIGNATURE_INVALID, IDENTITY_OTHER_ACCOUNT, IDENTITY_OTHER_KEY.
 */
export function verifySuccessions(
  verifier: SignatureVerifier,
  accountId: Uint8Array,
  accountKey: Uint8Array,
  statements: readonly Uint8Array[],
): AccountKeys {
  if (statements.length > MAX_SUCCESSIONS) throw new CryptoError('IDENTITY_MALFORMED', 'successions')
  const successions = statements.map(bytes => verifySuccession(verifier, bytes))
  for (const [index, succession] of successions.entries()) {
    if (!bytesEqual(succession.accountId, accountId)) throw new CryptoError('IDENTITY_OTHER_ACCOUNT')
    const next = successions[index + 1]
    const follows =
      next === undefined
        ? bytesEqual(succession.newKey, accountKey)
        : next.number === succession.number + 1 && bytesEqual(next.oldKey, succession.newKey)
    if (!follows) throw new CryptoError('IDENTITY_OTHER_KEY', 'successions')
  }
  const [first, ...others] = successions.map(({ oldKey }) => oldKey)
  const keys: AccountKeys = first === undefined ? [accountKey] : [first, ...others, accountKey]
  if (new Set(keys.map(key => toHex(sha256(key)))).size < keys.length) {
    throw new CryptoError('IDENTITY_MALFORMED', 'successions')
  }
  return keys
}
