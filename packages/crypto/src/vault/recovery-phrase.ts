import { entropyToMnemonic, mnemonicToEntropy } from '@scure/bip39'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import { assertLength } from '../bytes.ts'
import { CryptoError } from '../errors.ts'
import { randomBytes } from '../sealing/sealer.ts'

/** Length of the entropy behind a recovery phrase: 128 bits. */
export const RECOVERY_ENTROPY_BYTES = 16

/** 16 random bytes for a new phrase. */
export function createRecoveryEntropy(): Uint8Array {
  return randomBytes(RECOVERY_ENTROPY_BYTES)
}

/** 12 words (BIP-39, English list) from 16 bytes. Throws CRYPTO_INVALID_ARGUMENT. */
export function recoveryPhraseFromEntropy(entropy: Uint8Array): string {
  assertLength(entropy, RECOVERY_ENTROPY_BYTES, 'recovery entropy')
  return entropyToMnemonic(entropy, wordlist)
}

/** Tolerates case and spacing, checks the check sum. Throws VAULT_PHRASE_INVALID. */
export function entropyFromRecoveryPhrase(phrase: string): Uint8Array {
  const words = phrase.normalize('NFKD').toLowerCase().split(/\s+/u).filter(Boolean)
  if (words.length !== 12) throw new CryptoError('VAULT_PHRASE_INVALID', 'not twelve words')
  try {
    return mnemonicToEntropy(words.join(' '), wordlist)
  } catch {
    throw new CryptoError('VAULT_PHRASE_INVALID')
  }
}
