import { openDB } from 'idb'
import type { KeyVault } from '../../ports/key-vault.ts'

const KEYS = 'keys'
const KEY_BYTES = 32

type Wrapped = {
  readonly wrapping: CryptoKey
  readonly iv: Uint8Array<ArrayBuffer>
  readonly wrapped: ArrayBuffer
}

/**
 * The store's key, wrapped by a key that the browser holds and never gives out: a copy of the database's
 * files alone does not open it.
 */
export const createBrowserKeyVault = (databaseName: string): KeyVault => ({
  async storeKey() {
    const database = await openDB(databaseName, 1, { upgrade: fresh => void fresh.createObjectStore(KEYS) })
    try {
      const known: Wrapped | undefined = await database.get(KEYS, 'store')
      if (known !== undefined) {
        const key = await crypto.subtle.decrypt(
          { name: 'AES-GCM', iv: known.iv },
          known.wrapping,
          known.wrapped,
        )
        return new Uint8Array(key)
      }
      const wrapping = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, [
        'encrypt',
        'decrypt',
      ])
      const key = crypto.getRandomValues(new Uint8Array(KEY_BYTES))
      const iv = crypto.getRandomValues(new Uint8Array(12))
      const wrapped = await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, wrapping, key)
      const record: Wrapped = { wrapping, iv, wrapped }
      // `add` fails where another tab was first; only one key may ever exist.
      const transaction = database.transaction(KEYS, 'readwrite', { durability: 'strict' })
      await Promise.all([transaction.store.add(record, 'store'), transaction.done])
      return key
    } finally {
      database.close()
    }
  },
})
