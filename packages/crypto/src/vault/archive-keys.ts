import { assertLength, bytesEqual } from '../bytes.ts'
import { CryptoError, type CryptoErrorCode } from '../errors.ts'
import { randomBytes } from '../sealing/sealer.ts'
import { type CborValue, readFields } from '../strict-cbor.ts'

/** Root of what was archived while it was the newest. Secret. */
export interface ArchiveKey {
  /** From 1, rising by one with each rotation. */
  readonly version: number
  /** 32 bytes. */
  readonly key: Uint8Array
}

/** All archive keys an account has had, oldest first: what is old opens under its own, what is new is sealed under the last. */
export type ArchiveKeys = readonly [ArchiveKey, ...ArchiveKey[]]

/** More keys than this are refused: one is added with each device that is removed. */
export const MAX_ARCHIVE_KEYS = 256
const KEY_BYTES = 32

/** The keys of a new account: one. */
export const createArchiveKeys = (): ArchiveKeys => [{ version: 1, key: randomBytes(KEY_BYTES) }]

/** With one more, random key at the end. Throws CRYPTO_INVALID_ARGUMENT where there is no room for it. */
export function addArchiveKey(keys: ArchiveKeys): ArchiveKeys {
  if (keys.length >= MAX_ARCHIVE_KEYS) throw new CryptoError('CRYPTO_INVALID_ARGUMENT', 'archive keys')
  return [...keys, { version: newestArchiveKey(keys).version + 1, key: randomBytes(KEY_BYTES) }]
}

export const newestArchiveKey = (keys: ArchiveKeys): ArchiveKey => keys.at(-1) ?? keys[0]

/** Whether every key of `part` is in `whole`, under the same version. */
export const holdsArchiveKeys = (whole: ArchiveKeys, part: ArchiveKeys): boolean =>
  part.every(({ version, key }) => whole.some(held => held.version === version && bytesEqual(held.key, key)))

/** For a signed or sealed structure. Throws CRYPTO_INVALID_ARGUMENT. */
export function encodeArchiveKeys(keys: ArchiveKeys): CborValue {
  const sound = isSound(keys)
  for (const { key } of keys) assertLength(key, KEY_BYTES, 'archive key')
  if (!sound) throw new CryptoError('CRYPTO_INVALID_ARGUMENT', 'archive keys')
  return keys.map(({ version, key }): CborValue => [version, key])
}

/** Counterpart of {@link encodeArchiveKeys}. Throws `code`. */
export function readArchiveKeys(values: readonly CborValue[], code: CryptoErrorCode): ArchiveKeys {
  const [first, ...others] = values.map((value): ArchiveKey => {
    const fields = readFields(value, 2, code)
    return { version: fields.integer(), key: fields.bytes(KEY_BYTES) }
  })
  if (first === undefined || !isSound([first, ...others])) throw new CryptoError(code, 'archive keys')
  return [first, ...others]
}

const isSound = (keys: ArchiveKeys): boolean =>
  keys.length <= MAX_ARCHIVE_KEYS && keys.every(({ version }, index) => version === index + 1)
