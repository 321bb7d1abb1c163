import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

/**
 * Seals what the server itself must be able to read again. `place` (table, row, version) is
 * authenticated, so that a sealed value cannot be moved to another row.
 */
export type Envelope = {
  seal(plain: Uint8Array, place: string): Promise<Uint8Array>
  open(sealed: Uint8Array, place: string): Promise<Uint8Array>
}

const VERSION = 1
const NONCE_BYTES = 12
const TAG_BYTES = 16

/** One wrapping key from a file beside the database, used directly: version 1 of the sealed form. */
export function createFileKeyEnvelope(wrappingKey: Uint8Array): Envelope {
  if (wrappingKey.length !== 32) throw new Error('the wrapping key must have 32 bytes')
  return {
    async seal(plain, place) {
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv('aes-256-gcm', wrappingKey, nonce)
      cipher.setAAD(Buffer.from(`v${VERSION}:${place}`))
      const body = Buffer.concat([cipher.update(plain), cipher.final()])
      return Buffer.concat([Buffer.of(VERSION), nonce, cipher.getAuthTag(), body])
    },
    async open(sealed, place) {
      if (sealed[0] !== VERSION) throw new Error('sealed value of an unknown version')
      const bodyAt = 1 + NONCE_BYTES + TAG_BYTES
      const decipher = createDecipheriv('aes-256-gcm', wrappingKey, sealed.subarray(1, 1 + NONCE_BYTES))
      decipher.setAAD(Buffer.from(`v${VERSION}:${place}`))
      decipher.setAuthTag(sealed.subarray(1 + NONCE_BYTES, bodyAt))
      return Buffer.concat([decipher.update(sealed.subarray(bodyAt)), decipher.final()])
    },
  }
}
