import {
  type KeyRange,
  type KeyValueStore,
  type ScanOptions,
  type StoredEntry,
  StoreError,
  type WriteBatch,
} from '../../ports/key-value-store.ts'

/** What outlives a memory store that was closed or killed: hand it to the next one. */
export type MemoryMedium = { readonly values: Map<string, Uint8Array>; fence: number }

export const createMemoryMedium = (): MemoryMedium => ({ values: new Map(), fence: 0 })

export const copyMedium = (medium: MemoryMedium): MemoryMedium => ({
  values: new Map(medium.values),
  fence: medium.fence,
})

/** The store for tests: real semantics, no disk. */
export function createMemoryKeyValueStore(medium: MemoryMedium = createMemoryMedium()): KeyValueStore {
  let closed = false
  const assertOpen = () => {
    if (closed) throw new StoreError('STORE_CLOSED', 'the store is closed')
  }

  const keysIn = ({ from, to }: KeyRange) => [...medium.values.keys()].filter(key => key >= from && key < to)

  return {
    async get(key) {
      assertOpen()
      return medium.values.get(key)?.slice()
    },
    async getMany(keys) {
      assertOpen()
      return keys.map(key => medium.values.get(key)?.slice())
    },
    async scan(range, options: ScanOptions = {}) {
      assertOpen()
      const keys = keysIn(range).sort()
      if (options.reverse) keys.reverse()
      return keys.slice(0, options.limit).map((key): StoredEntry => {
        const value = medium.values.get(key) ?? new Uint8Array()
        return { key, value: value.slice() }
      })
    },
    async write(batch: WriteBatch, { fence }) {
      assertOpen()
      if (fence < medium.fence) throw new StoreError('STORE_FENCED', 'another writer has taken over')
      for (const range of batch.clears ?? []) for (const key of keysIn(range)) medium.values.delete(key)
      for (const key of batch.deletes ?? []) medium.values.delete(key)
      for (const { key, value } of batch.puts ?? []) medium.values.set(key, value.slice())
    },
    async acquireFence() {
      assertOpen()
      medium.fence += 1
      return medium.fence
    },
    async close() {
      closed = true
    },
  }
}
