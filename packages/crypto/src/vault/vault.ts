import { assertLength, bytesEqual } from '../bytes.ts'
import { CryptoError } from '../errors.ts'
import { ACCOUNT_SEEDS_BYTES } from '../identity/account-key.ts'
import { createSealer, deriveKey, randomBytes, SEAL_OVERHEAD_BYTES } from '../sealing/sealer.ts'
import { decodeStrict, encodeStrict, readFields } from '../strict-cbor.ts'
import { type ArchiveKeys, encodeArchiveKeys, readArchiveKeys } from './archive-keys.ts'
import { entropyFromRecoveryPhrase, RECOVERY_ENTROPY_BYTES } from './recovery-phrase.ts'

/** What an account keeps for its devices to come. All secret. */
export interface VaultContents {
  /** 64 bytes: Ed25519 seed, ML-DSA-65 seed. */
  readonly accountSeeds: Uint8Array
  /** Roots of the encrypted archive. */
  readonly archiveKeys: ArchiveKeys
  /** 16 bytes: the entropy behind the recovery phrase, so that a signed-in person can read it again. */
  readonly recoveryEntropy: Uint8Array
}

/** Who the vault belongs to; bound as additional data, so that no part can be moved to another vault or version. */
export interface VaultBinding {
  /** 16 bytes. */
  readonly accountId: Uint8Array
  /** Raised with each change of the vault or its wraps, from 1. Compare it with the last one seen: it names a rollback. */
  readonly version: number
}

/** The sealed vault as the server keeps it. */
export interface SealedVault extends VaultBinding {
  /** Deterministic CBOR: format, account, version, sealed contents, wrap by export key, wrap by phrase. */
  readonly bytes: Uint8Array
}

export interface OpenedVault extends VaultBinding {
  readonly contents: VaultContents
}

/** Of before archive keys were rotated: the contents are seeds, one archive key and entropy, one after the other. */
const FORMAT_OF_ONE_KEY = 1
const FORMAT = 2
const VAULT_KEY_BYTES = 32
const CONTENTS_OF_ONE_KEY_BYTES = ACCOUNT_SEEDS_BYTES + 32 + RECOVERY_ENTROPY_BYTES
const MIN_EXPORT_KEY_BYTES = 32

type WrapKind = 'export key' | 'recovery phrase'
type Bound = VaultBinding & { readonly format: number }

function additionalData({ format, accountId, version }: Bound, part: string): Uint8Array {
  return encodeStrict(['Entangle vault', format, accountId, version, part])
}

/** The secret has 128 bits of entropy or more, so HKDF and no slow hash. */
function wrapSealer(secret: Uint8Array, kind: WrapKind) {
  return createSealer(deriveKey(secret, `vault wrap ${kind}`))
}

function wrap(binding: Bound, vaultKey: Uint8Array, secret: Uint8Array, kind: WrapKind): Uint8Array {
  return wrapSealer(secret, kind).seal(vaultKey, additionalData(binding, kind))
}

function contentsSealer(vaultKey: Uint8Array) {
  return createSealer(deriveKey(vaultKey, 'vault contents'))
}

function encodeContents({ accountSeeds, archiveKeys, recoveryEntropy }: VaultContents): Uint8Array {
  assertLength(accountSeeds, ACCOUNT_SEEDS_BYTES, 'account seeds')
  assertLength(recoveryEntropy, RECOVERY_ENTROPY_BYTES, 'recovery entropy')
  return encodeStrict([accountSeeds, encodeArchiveKeys(archiveKeys), recoveryEntropy])
}

function readContents(format: number, plaintext: Uint8Array): VaultContents {
  if (format === FORMAT_OF_ONE_KEY) {
    assertLength(plaintext, CONTENTS_OF_ONE_KEY_BYTES, 'vault contents')
    const entropyAt = plaintext.length - RECOVERY_ENTROPY_BYTES
    return {
      accountSeeds: plaintext.slice(0, ACCOUNT_SEEDS_BYTES),
      archiveKeys: [{ version: 1, key: plaintext.slice(ACCOUNT_SEEDS_BYTES, entropyAt) }],
      recoveryEntropy: plaintext.slice(entropyAt),
    }
  }
  const fields = readFields(decodeStrict(plaintext, 'VAULT_MALFORMED'), 3, 'VAULT_MALFORMED')
  return {
    accountSeeds: fields.bytes(ACCOUNT_SEEDS_BYTES),
    archiveKeys: readArchiveKeys(fields.list(), 'VAULT_MALFORMED'),
    recoveryEntropy: fields.bytes(RECOVERY_ENTROPY_BYTES),
  }
}

/**
 * Seals contents under a fresh random vault key, and wraps that key by the OPAQUE export key (32 bytes or more)
 * and by the recovery entropy of the contents. Throws CRYPTO_INVALID_ARGUMENT.
 */
export function createVault(
  binding: VaultBinding,
  contents: VaultContents,
  exportKey: Uint8Array,
): SealedVault {
  assertLength(binding.accountId, 16, 'account id')
  if (
    exportKey.length < MIN_EXPORT_KEY_BYTES ||
    !Number.isSafeInteger(binding.version) ||
    binding.version < 1
  ) {
    throw new CryptoError('CRYPTO_INVALID_ARGUMENT', 'export key or version')
  }
  const vaultKey = randomBytes(VAULT_KEY_BYTES)
  const plaintext = encodeContents(contents)
  const bound = { ...binding, format: FORMAT }
  const bytes = encodeStrict([
    FORMAT,
    binding.accountId,
    binding.version,
    contentsSealer(vaultKey).seal(plaintext, additionalData(bound, 'contents')),
    wrap(bound, vaultKey, exportKey, 'export key'),
    wrap(bound, vaultKey, contents.recoveryEntropy, 'recovery phrase'),
  ])
  plaintext.fill(0)
  vaultKey.fill(0)
  return { accountId: binding.accountId, version: binding.version, bytes }
}

function readVault(bytes: Uint8Array) {
  const fields = readFields(decodeStrict(bytes, 'VAULT_MALFORMED'), 6, 'VAULT_MALFORMED')
  const format = fields.integer()
  if (format !== FORMAT && format !== FORMAT_OF_ONE_KEY) {
    throw new CryptoError('VAULT_MALFORMED', 'unknown format')
  }
  const accountId = fields.bytes(16)
  const version = fields.integer()
  const sealed = fields.anyBytes()
  const wraps = {
    'export key': fields.bytes(VAULT_KEY_BYTES + SEAL_OVERHEAD_BYTES),
    'recovery phrase': fields.bytes(VAULT_KEY_BYTES + SEAL_OVERHEAD_BYTES),
  }
  return { format, accountId, version, sealed, wraps }
}

/** Reads account and version without opening; nothing of it is authenticated. Throws VAULT_MALFORMED. */
export function parseVault(bytes: Uint8Array): SealedVault {
  const { accountId, version } = readVault(bytes)
  return { accountId, version, bytes }
}

function openVault(
  bytes: Uint8Array,
  accountId: Uint8Array,
  secret: Uint8Array,
  kind: WrapKind,
): OpenedVault {
  const vault = readVault(bytes)
  if (!bytesEqual(vault.accountId, accountId)) throw new CryptoError('VAULT_WRONG_KEY', 'another account')
  try {
    const vaultKey = wrapSealer(secret, kind).open(vault.wraps[kind], additionalData(vault, kind))
    const plaintext = contentsSealer(vaultKey).open(vault.sealed, additionalData(vault, 'contents'))
    vaultKey.fill(0)
    const contents = readContents(vault.format, plaintext)
    return { accountId: vault.accountId, version: vault.version, contents }
  } catch {
    throw new CryptoError('VAULT_WRONG_KEY')
  }
}

/** Opens with the OPAQUE export key of a login. Throws VAULT_MALFORMED, VAULT_WRONG_KEY. */
export function openVaultWithExportKey(
  bytes: Uint8Array,
  accountId: Uint8Array,
  exportKey: Uint8Array,
): OpenedVault {
  return openVault(bytes, accountId, exportKey, 'export key')
}

/** Opens with the twelve words. Throws VAULT_PHRASE_INVALID, VAULT_MALFORMED, VAULT_WRONG_KEY. */
export function openVaultWithPhrase(bytes: Uint8Array, accountId: Uint8Array, phrase: string): OpenedVault {
  return openVault(bytes, accountId, entropyFromRecoveryPhrase(phrase), 'recovery phrase')
}

/**
 * The next version: another export key (change of password) or changed contents (rotation), always under a fresh
 * vault key, so that an old wrap opens nothing new.
 */
export function rewrapVault(
  opened: OpenedVault,
  change: { readonly exportKey: Uint8Array; readonly contents?: VaultContents },
): SealedVault {
  const binding = { accountId: opened.accountId, version: opened.version + 1 }
  return createVault(binding, change.contents ?? opened.contents, change.exportKey)
}
