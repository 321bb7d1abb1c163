import { sha256 } from '@noble/hashes/sha2.js'
import { assertLength, bytesEqual, toHex } from '../bytes.ts'
import { CryptoError } from '../errors.ts'
import type { AccountSigner } from '../load.ts'
import type { SignatureVerifier } from '../load-verifier.ts'
import { type CborValue, readFields } from '../strict-cbor.ts'
import type { AccountSecretKey } from './account-key.ts'
import { encodePayload, encodeSigned, parseSigned, readPayload, type SignedBytes } from './signed-bytes.ts'

export interface DeviceListEntry {
  /** 16 bytes. */
  readonly deviceId: Uint8Array
  /** Hash of the device's certificate, see {@link DeviceCertificate}. */
  readonly certificateHash: Uint8Array
  /** MLS signature key, 32 bytes. */
  readonly signatureKey: Uint8Array
  readonly suite: number
  readonly expiresAtMs: number
}

/** A parsed list. Parsing does not verify the signature; see {@link VerifiedDeviceList}. */
export interface DeviceList {
  /** 1 for the first list. */
  readonly version: number
  /** Hash of the previous list; null for version 1. */
  readonly previousHash: Uint8Array | null
  /** 16 bytes. */
  readonly accountId: Uint8Array
  readonly handle: string
  /** SHA-256 of the account public key that signs. */
  readonly accountKeyHash: Uint8Array
  readonly entries: readonly DeviceListEntry[]
  /** The exact bytes, as they travel. */
  readonly bytes: Uint8Array
  /** SHA-256 of the signed payload. */
  readonly hash: Uint8Array
}

/** A list whose two signatures verified under `accountPublicKey`. Pin it: store `bytes` and `accountPublicKey`. */
export interface VerifiedDeviceList extends DeviceList {
  readonly verified: true
  readonly accountPublicKey: Uint8Array
}

/** More devices than this in one list are refused. */
export const MAX_LISTED_DEVICES = 64
const MAX_HANDLE_CHARACTERS = 64
const LABEL = 'device list'
const FORMAT = 1

type ListFields = Omit<DeviceList, 'bytes' | 'hash'>

function encodeList(list: ListFields): Uint8Array {
  const entries = list.entries.map((entry): CborValue => {
    assertLength(entry.deviceId, 16, 'device id')
    assertLength(entry.certificateHash, 32, 'certificate hash')
    assertLength(entry.signatureKey, 32, 'signature key')
    return [entry.deviceId, entry.certificateHash, entry.signatureKey, entry.suite, entry.expiresAtMs]
  })
  assertLength(list.accountId, 16, 'account id')
  return encodePayload([
    FORMAT,
    list.version,
    list.previousHash,
    list.accountId,
    list.handle,
    list.accountKeyHash,
    entries,
  ])
}

function signList(signer: AccountSigner, key: AccountSecretKey, list: ListFields): VerifiedDeviceList {
  const payload = encodeList(list)
  const signed = encodeSigned(payload, signer.signWithAccountKey(key, LABEL, payload))
  return { ...fromSigned(signed), verified: true, accountPublicKey: key.publicKey }
}

/** The first list of a new account (version 1). Throws CRYPTO_INVALID_ARGUMENT, IDENTITY_MALFORMED. */
export function createDeviceList(
  signer: AccountSigner,
  key: AccountSecretKey,
  fields: {
    readonly accountId: Uint8Array
    readonly handle: string
    readonly entries: readonly DeviceListEntry[]
  },
): VerifiedDeviceList {
  return signList(signer, key, {
    ...fields,
    version: 1,
    previousHash: null,
    accountKeyHash: sha256(key.publicKey),
  })
}

type ListStep = { readonly handle?: string; readonly entries: readonly DeviceListEntry[] }

/** The list that follows `previous`, signed by the same key. Throws IDENTITY_OTHER_KEY when it is another one. */
export function nextDeviceList(
  signer: AccountSigner,
  key: AccountSecretKey,
  previous: VerifiedDeviceList,
  change: ListStep,
): VerifiedDeviceList {
  if (!bytesEqual(key.publicKey, previous.accountPublicKey)) throw new CryptoError('IDENTITY_OTHER_KEY')
  return followingList(signer, key, previous, change)
}

/** The list that follows `previous` under the account's next key; see {@link Succession}. */
export function firstDeviceListOfKey(
  signer: AccountSigner,
  key: AccountSecretKey,
  previous: VerifiedDeviceList,
  change: ListStep,
): VerifiedDeviceList {
  return followingList(signer, key, previous, change)
}

function followingList(
  signer: AccountSigner,
  key: AccountSecretKey,
  previous: VerifiedDeviceList,
  change: ListStep,
): VerifiedDeviceList {
  return signList(signer, key, {
    version: previous.version + 1,
    previousHash: previous.hash,
    accountId: previous.accountId,
    handle: change.handle ?? previous.handle,
    accountKeyHash: sha256(key.publicKey),
    entries: change.entries,
  })
}

function readEntry(value: CborValue): DeviceListEntry {
  const fields = readFields(value, 5, 'IDENTITY_MALFORMED')
  return {
    deviceId: fields.bytes(16),
    certificateHash: fields.bytes(32),
    signatureKey: fields.bytes(32),
    suite: fields.integer(),
    expiresAtMs: fields.integer(),
  }
}

function fromSigned(signed: SignedBytes): DeviceList {
  const fields = readPayload(signed.payload, 7, FORMAT)
  const list: DeviceList = {
    version: fields.integer(),
    previousHash: fields.optionalBytes(32),
    accountId: fields.bytes(16),
    handle: fields.text(),
    accountKeyHash: fields.bytes(32),
    entries: fields.list().map(readEntry),
    bytes: signed.bytes,
    hash: signed.hash,
  }
  const distinct = (pick: (entry: DeviceListEntry) => Uint8Array) =>
    new Set(list.entries.map(entry => toHex(pick(entry)))).size === list.entries.length
  const sound =
    list.version >= 1 &&
    (list.version === 1) === (list.previousHash === null) &&
    list.handle.length >= 1 &&
    list.handle.length <= MAX_HANDLE_CHARACTERS &&
    list.entries.length <= MAX_LISTED_DEVICES &&
    distinct(entry => entry.deviceId) &&
    distinct(entry => entry.signatureKey)
  if (!sound) throw new CryptoError('IDENTITY_MALFORMED', 'device list')
  return list
}

/** Strict decoding, canonical bytes only; no device and no key twice. Throws IDENTITY_MALFORMED. Verifies nothing. */
export function parseDeviceList(bytes: Uint8Array): DeviceList {
  return fromSigned(parseSigned(bytes))
}

/**
 * First contact (trust on first use) and reading back a pinned list: both signatures under `accountPublicKey`.
 * Throws IDENTITY_MALFORMED, IDENTITY_OTHER_KEY, IDENTITY_SIGNATURE_INVALID.
 */
export function verifyDeviceList(
  verifier: SignatureVerifier,
  accountPublicKey: Uint8Array,
  bytes: Uint8Array,
): VerifiedDeviceList {
  const signed = parseSigned(bytes)
  const list = fromSigned(signed)
  if (!bytesEqual(list.accountKeyHash, sha256(accountPublicKey))) throw new CryptoError('IDENTITY_OTHER_KEY')
  if (!verifier.verifyAccountSignature(accountPublicKey, LABEL, signed.payload, signed.signature)) {
    throw new CryptoError('IDENTITY_SIGNATURE_INVALID', LABEL)
  }
  return { ...list, verified: true, accountPublicKey }
}

/**
 * Follows the chain from the pinned list over `next` (oldest first) and returns the last one; the pinned list
 * itself when `next` is empty or only repeats it. `successors`: the account keys that have followed the pinned list's,
 * in order. Once a list is signed by one of them, none after it is by an earlier one. Throws IDENTITY_LIST_ROLLBACK (older than the pinned one),
 * IDENTITY_LIST_FORK (same version with other content, or a wrong previous hash), IDENTITY_LIST_GAP (fetch the
 * versions between), IDENTITY_OTHER_ACCOUNT, IDENTITY_OTHER_KEY, IDENTITY_SIGNATURE_INVALID, IDENTITY_MALFORMED.
 */
export function verifyDeviceListChain(
  verifier: SignatureVerifier,
  pinned: VerifiedDeviceList,
  next: readonly Uint8Array[],
  successors: readonly Uint8Array[] = [],
): VerifiedDeviceList {
  let current = pinned
  const keys = [pinned.accountPublicKey, ...successors]
  let keyAt = 0
  for (const bytes of next) {
    const list = parseDeviceList(bytes)
    if (!bytesEqual(list.accountId, pinned.accountId)) throw new CryptoError('IDENTITY_OTHER_ACCOUNT')
    if (list.version === current.version && bytesEqual(list.hash, current.hash)) continue
    const at = keys.findIndex(key => bytesEqual(list.accountKeyHash, sha256(key)))
    const key = keys[at]
    if (key === undefined || at < keyAt) throw new CryptoError('IDENTITY_OTHER_KEY')
    const verified = verifyDeviceList(verifier, key, bytes)
    if (list.version < current.version) throw new CryptoError('IDENTITY_LIST_ROLLBACK')
    if (list.version === current.version) throw new CryptoError('IDENTITY_LIST_FORK')
    if (list.version > current.version + 1) throw new CryptoError('IDENTITY_LIST_GAP')
    if (list.previousHash === null || !bytesEqual(list.previousHash, current.hash)) {
      throw new CryptoError('IDENTITY_LIST_FORK')
    }
    current = verified
    keyAt = at
  }
  return current
}
