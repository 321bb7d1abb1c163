import type { Sealer } from '@entangle/crypto'
import { decodeCbor, encodeCbor } from '@entangle/protocol'
import type { KeyRange, KeyValueStore, ScanOptions, StoredEntry } from '../ports/key-value-store.ts'
import { prefixRange, StoreError } from '../ports/key-value-store.ts'

const utf8 = new TextEncoder()

/** What a batch holds before it is sealed. */
export type PlainBatch = {
  readonly clears?: readonly KeyRange[]
  readonly deletes?: readonly string[]
  readonly puts?: readonly StoredEntry[]
}

/**
 * A part of the store under one prefix, sealed. Keys stay readable and hold identifiers only; each value is
 * bound to its full key, so that values cannot be swapped.
 */
export function createSealedStore(store: KeyValueStore, sealer: Sealer, prefix: string, fence: number) {
  const full = (key: string) => `${prefix}${key}`
  const open = (key: string, value: Uint8Array): Uint8Array => {
    try {
      return sealer.open(value, utf8.encode(key))
    } catch (cause) {
      throw new StoreError('STORE_CORRUPT', 'a stored value does not open', { cause })
    }
  }

  return {
    async get(key: string): Promise<Uint8Array | undefined> {
      const value = await store.get(full(key))
      return value === undefined ? undefined : open(full(key), value)
    },
    async scan(range: KeyRange, options?: ScanOptions): Promise<StoredEntry[]> {
      const found = await store.scan({ from: full(range.from), to: full(range.to) }, options)
      return found.map(({ key, value }) => ({ key: key.slice(prefix.length), value: open(key, value) }))
    },
    async write(batch: PlainBatch): Promise<void> {
      await store.write(
        {
          clears: (batch.clears ?? []).map(({ from, to }) => ({ from: full(from), to: full(to) })),
          deletes: (batch.deletes ?? []).map(full),
          puts: (batch.puts ?? []).map(({ key, value }) => ({
            key: full(key),
            value: sealer.seal(value, utf8.encode(full(key))),
          })),
        },
        { fence },
      )
    },
    async readRecord<T>(key: string, parse: (value: unknown) => T): Promise<T | undefined> {
      const value = await this.get(key)
      return value === undefined ? undefined : parse(decodeCbor(value))
    },
    async scanRecords<T>(
      keyPrefix: string,
      parse: (value: unknown) => T,
      options?: ScanOptions,
    ): Promise<T[]> {
      const found = await this.scan(prefixRange(keyPrefix), options)
      return found.map(entry => parse(decodeCbor(entry.value)))
    },
  }
}
export type SealedStore = ReturnType<typeof createSealedStore>

export const record = (key: string, value: unknown): StoredEntry => ({ key, value: encodeCbor(value) })
