import { createHash } from 'node:crypto'
import type { Crypto } from '@entangle/crypto'

const MOST = 20_000

/**
 * The same signatures of account keys are checked by every device of every seed, and ML-DSA is slow: what has
 * verified once in this process is remembered. What has not is checked as ever.
 */
export function createThriftyCrypto(crypto: Crypto): Crypto {
  const verified = new Set<string>()
  return {
    ...crypto,
    verifyAccountSignature(publicKey, label, message, signature) {
      const hash = createHash('sha256')
      for (const part of [publicKey, Buffer.from(label), message, signature]) {
        hash.update(String(part.length)).update(' ').update(part)
      }
      const key = hash.digest('base64')
      if (verified.has(key)) return true
      const isGood = crypto.verifyAccountSignature(publicKey, label, message, signature)
      if (isGood && verified.size < MOST) verified.add(key)
      return isGood
    },
  }
}
