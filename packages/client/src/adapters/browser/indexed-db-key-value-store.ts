import { type IDBPDatabase, openDB } from 'idb'
import {
  type KeyRange,
  type KeyValueStore,
  type ScanOptions,
  type StoredEntry,
  StoreError,
  type WriteBatch,
} from '../../ports/key-value-store.ts'
import { beginFreshJournal } from './fresh-journal.ts'

const ENTRIES = 'entries'
const META = 'meta'
const FENCE = 'fence'

const rangeOf = ({ from, to }: KeyRange) => IDBKeyRange.bound(from, to, false, true)

const asBytes = (value: unknown): Uint8Array => {
  if (value instanceof Uint8Array) return value
  throw new StoreError('STORE_CORRUPT', 'a stored value is no byte string')
}

async function guarded<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (cause) {
    if (cause instanceof StoreError) throw cause
    if (cause instanceof DOMException && cause.name === 'InvalidStateError') {
      throw new StoreError('STORE_CLOSED', 'the store is closed', { cause })
    }
    throw new StoreError('STORE_FAILED', 'the local database refused', { cause })
  }
}

const asEntry = (key: IDBValidKey, value: unknown): StoredEntry => ({
  key: String(key),
  value: asBytes(value),
})

async function scanEntries(
  database: IDBPDatabase,
  range: KeyRange,
  { limit, reverse }: ScanOptions,
): Promise<StoredEntry[]> {
  const store = database.transaction(ENTRIES, 'readonly').store
  if (!reverse) {
    const [keys, values] = await Promise.all([
      store.getAllKeys(rangeOf(range), limit),
      store.getAll(rangeOf(range), limit),
    ])
    return keys.map((key, index) => asEntry(key, values[index]))
  }
  if (limit === 1) {
    const cursor = await store.openCursor(rangeOf(range), 'prev')
    return cursor === null ? [] : [asEntry(cursor.key, cursor.value)]
  }
  // A cursor would go to the database and back for each entry; keys are small.
  const all = await store.getAllKeys(rangeOf(range))
  const keys = all.slice(-(limit ?? all.length))
  const [first, last] = [keys[0], keys.at(-1)]
  if (first === undefined || last === undefined || limit === 0) return []
  const values: unknown[] = await store.getAll(IDBKeyRange.bound(first, last))
  return keys.map((key, index) => asEntry(key, values[index])).reverse()
}

async function applyBatch(database: IDBPDatabase, batch: WriteBatch, fence: number): Promise<void> {
  // Strict: the transaction completes only when its bytes are on the medium.
  const transaction = database.transaction([ENTRIES, META], 'readwrite', { durability: 'strict' })
  const entries = transaction.objectStore(ENTRIES)
  const current: unknown = await transaction.objectStore(META).get(FENCE)
  if (typeof current === 'number' && current > fence) {
    transaction.abort()
    await transaction.done.catch(() => undefined)
    throw new StoreError('STORE_FENCED', 'another writer has taken over')
  }
  const operations: Promise<unknown>[] = []
  for (const range of batch.clears ?? []) operations.push(entries.delete(rangeOf(range)))
  for (const key of batch.deletes ?? []) operations.push(entries.delete(key))
  for (const { key, value } of batch.puts ?? []) operations.push(entries.put(value, key))
  // Rejections arrive with `done` as well; awaiting both keeps none of them unhandled.
  await Promise.all([...operations, transaction.done])
}

/** The browser's store. One database an application, however many accounts use the device. */
export async function openIndexedDbKeyValueStore(name: string): Promise<KeyValueStore> {
  await beginFreshJournal(`${name}-journal`)
  const database = await openDB(name, 1, {
    upgrade: fresh => {
      fresh.createObjectStore(ENTRIES)
      fresh.createObjectStore(META)
    },
  })

  return {
    get: key =>
      guarded(async () => {
        const value: unknown = await database.get(ENTRIES, key)
        return value === undefined ? undefined : asBytes(value)
      }),
    getMany: keys =>
      guarded(async () => {
        const store = database.transaction(ENTRIES, 'readonly').store
        const values: unknown[] = await Promise.all(keys.map(key => store.get(key)))
        return values.map(value => (value === undefined ? undefined : asBytes(value)))
      }),
    scan: (range, options = {}) => guarded(() => scanEntries(database, range, options)),
    write: (batch, { fence }) => guarded(() => applyBatch(database, batch, fence)),
    acquireFence: () =>
      guarded(async () => {
        const transaction = database.transaction(META, 'readwrite', { durability: 'strict' })
        const current: unknown = await transaction.store.get(FENCE)
        const next = (typeof current === 'number' ? current : 0) + 1
        await Promise.all([transaction.store.put(next, FENCE), transaction.done])
        return next
      }),
    close: async () => database.close(),
  }
}
