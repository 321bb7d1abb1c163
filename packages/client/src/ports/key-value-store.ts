/** `from` is inside, `to` is not. */
export type KeyRange = { readonly from: string; readonly to: string }

export type StoredEntry = { readonly key: string; readonly value: Uint8Array }

/** Takes effect in this order: ranges cleared, keys deleted, values put. All of it or nothing. */
export type WriteBatch = {
  readonly clears?: readonly KeyRange[]
  readonly deletes?: readonly string[]
  readonly puts?: readonly StoredEntry[]
}

export type ScanOptions = { readonly limit?: number; readonly reverse?: boolean }

/**
 * An ordered map from short ASCII keys to bytes. `write` resolves when the batch is on the medium for good,
 * and rejects with STORE_FENCED, leaving everything as it was, when a later `acquireFence` has taken over.
 */
export type KeyValueStore = {
  readonly get: (key: string) => Promise<Uint8Array | undefined>
  /** In the order of `keys`. */
  readonly getMany: (keys: readonly string[]) => Promise<(Uint8Array | undefined)[]>
  /** In the order of the keys (code points), or the opposite one. */
  readonly scan: (range: KeyRange, options?: ScanOptions) => Promise<StoredEntry[]>
  readonly write: (batch: WriteBatch, guard: { readonly fence: number }) => Promise<void>
  /** Raises the fencing epoch, durably, and returns it: who holds a lower one cannot write any more. */
  readonly acquireFence: () => Promise<number>
  readonly close: () => Promise<void>
}

export type StoreErrorCode = 'STORE_FENCED' | 'STORE_CLOSED' | 'STORE_FAILED' | 'STORE_CORRUPT'

export class StoreError extends Error {
  override readonly name = 'StoreError'
  readonly code: StoreErrorCode

  constructor(code: StoreErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.code = code
  }
}

/** The range of all keys that begin with `prefix`. */
export const prefixRange = (prefix: string): KeyRange => ({ from: prefix, to: `${prefix}\u007f` })
