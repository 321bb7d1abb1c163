/** What an account keeps for its devices to come. All secret. */
export interface VaultContents {
  /** 64 bytes: Ed25519 seed, ML-DSA-65 seed. */
  readonly accountSeeds: Uint8Array
  /** 32 bytes: root of the encrypted archive. */
  readonly archiveKey: Uint8Array
  /** 16 bytes: the entropy behind the recovery phrase, so that a signed-in person can read it again. */
  readonly recoveryEntropy: Uint8Array
}

/** Who the vault belongs to; bound as additional data, so that the server cannot swap vaults or serve an old one unseen. */
export interface VaultBinding {
  /** 16 bytes. */
  readonly accountId: Uint8Array
  /** Raised with each change of the vault or its wraps, from 1. */
  readonly version: number
}

/** The sealed vault as the server keeps it (canonical CBOR). */
export interface SealedVault extends VaultBinding {
  readonly bytes: Uint8Array
}

export interface OpenedVault extends VaultBinding {
  readonly contents: VaultContents
  /** Kept to rewrap. Secret. 32 bytes. */
  readonly vaultKey: Uint8Array
}

/** Seals contents under a fresh vault key, wrapped by the OPAQUE export key and by the recovery entropy. */
export declare function createVault(
  binding: VaultBinding,
  contents: VaultContents,
  exportKey: Uint8Array,
): SealedVault

/** Reads account and version without opening. Throws VAULT_MALFORMED. */
export declare function parseVault(bytes: Uint8Array): SealedVault

/** Throws VAULT_MALFORMED, VAULT_WRONG_KEY. `expected.version`: the lowest version to accept (refuses a rollback with VAULT_MALFORMED). */
export declare function openVaultWithExportKey(
  bytes: Uint8Array,
  accountId: Uint8Array,
  exportKey: Uint8Array,
): OpenedVault

/** Throws VAULT_PHRASE_INVALID, VAULT_MALFORMED, VAULT_WRONG_KEY. */
export declare function openVaultWithPhrase(
  bytes: Uint8Array,
  accountId: Uint8Array,
  phrase: string,
): OpenedVault

/** The next version with changed contents or another export key (change of password, rotation): a fresh vault key. */
export declare function rewrapVault(
  opened: OpenedVault,
  change: { readonly exportKey: Uint8Array; readonly contents?: VaultContents },
): SealedVault

/** 12 words (BIP-39, English, 128 bits) from 16 bytes. */
export declare function recoveryPhraseFromEntropy(entropy: Uint8Array): string
/** Tolerates case and spacing. Throws VAULT_PHRASE_INVALID. */
export declare function entropyFromRecoveryPhrase(phrase: string): Uint8Array
/** 16 random bytes for a new phrase. */
export declare function createRecoveryEntropy(): Uint8Array
