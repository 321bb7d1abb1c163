import { assertLength } from '../bytes.ts'
import { CryptoError } from '../errors.ts'
import type { AccountSigner } from '../load.ts'
import type { SignatureVerifier } from '../load-verifier.ts'
import { type ArchiveKeys, encodeArchiveKeys, readArchiveKeys } from '../vault/archive-keys.ts'
import type { AccountSecretKey } from './account-key.ts'
import type { DeviceList } from './device-list.ts'
import { encodePayload, encodeSigned, parseSigned, readPayload } from './signed-bytes.ts'

/** What the account key says about the archive keys, to the devices that a list names. Secret as a whole. */
export interface ArchiveKeyStatement {
  /** 16 bytes. */
  readonly accountId: Uint8Array
  /** The list with which the keys came to be, and its hash: who is in a later list knows them by a later statement. */
  readonly listVersion: number
  readonly listHash: Uint8Array
  readonly archiveKeys: ArchiveKeys
  /** The exact bytes. Nothing hides them: they travel inside an encryption only. */
  readonly bytes: Uint8Array
}

const LABEL = 'archive keys'
const FORMAT = 1

/**
 * Signs the keys for the devices of `list`, so that none of them, and none that has left, can pass other keys off as
 * the account's. Throws CRYPTO_INVALID_ARGUMENT.
 */
export function createArchiveKeyStatement(
  signer: AccountSigner,
  key: AccountSecretKey,
  list: Pick<DeviceList, 'accountId' | 'version' | 'hash'>,
  archiveKeys: ArchiveKeys,
): Uint8Array {
  assertLength(list.accountId, 16, 'account id')
  const payload = encodePayload([
    FORMAT,
    list.accountId,
    list.version,
    list.hash,
    encodeArchiveKeys(archiveKeys),
  ])
  return encodeSigned(payload, signer.signWithAccountKey(key, LABEL, payload)).bytes
}

/** Strict decoding, then both signatures. Throws IDENTITY_MALFORMED, IDENTITY_SIGNATURE_INVALID. */
export function verifyArchiveKeyStatement(
  verifier: SignatureVerifier,
  accountPublicKey: Uint8Array,
  bytes: Uint8Array,
): ArchiveKeyStatement {
  const signed = parseSigned(bytes)
  const fields = readPayload(signed.payload, 5, FORMAT)
  const statement = {
    accountId: fields.bytes(16),
    listVersion: fields.integer(),
    listHash: fields.bytes(32),
    archiveKeys: readArchiveKeys(fields.list(), 'IDENTITY_MALFORMED'),
    bytes,
  }
  if (!verifier.verifyAccountSignature(accountPublicKey, LABEL, signed.payload, signed.signature)) {
    throw new CryptoError('IDENTITY_SIGNATURE_INVALID', LABEL)
  }
  return statement
}
