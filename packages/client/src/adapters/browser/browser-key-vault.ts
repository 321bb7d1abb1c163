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
async function unwrap({ wrapping, iv, wrapped }: Wrapped): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-GCM', iv }, wrapping, wrapped))
}

async function create(): Promise<Wrapped> {
  const wrapping = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, [
    'encrypt',
    'decrypt',
  ])
  const iv = crypto.getRandomValues(new Uint8Array(12))
  const key = crypto.getRandomValues(new Uint8Array(KEY_BYTES))
  return { wrapping, iv, wrapped: await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, wrapping, key) }
}

export const createBrowserKeyVault = (databaseName: string): KeyVault => ({
  async storeKey() {
    const database = await openDB(databaseName, 1, { upgrade: fresh => void fresh.createObjectStore(KEYS) })
    try {
      const known: Wrapped | undefined = await database.get(KEYS, 'store')
      if (known !== undefined) return await unwrap(known)
      const fresh = await create()
      // Looked up and written in one transaction: only one key may ever exist, whichever tab is first.
      const transaction = database.transaction(KEYS, 'readwrite', { durability: 'strict' })
      const other: Wrapped | undefined = await transaction.store.get('store')
      if (other === undefined) await transaction.store.put(fresh, 'store')
      await transaction.done
      return await unwrap(other ?? fresh)
    } finally {
      database.close()
    }
  },
})
