import type { Readable } from 'node:stream'

/** Names a blob by chance: it says nothing about what is in it. */
export type BlobKey = string & { readonly brand: 'BlobKey' }

export function parseBlobKey(text: string): BlobKey {
  if (!/^[0-9a-f]{32}$/.test(text)) throw new Error('not the key of a blob')
  return text as BlobKey
}

export type StoredBlob = {
  readonly sizeBytes: number
  /** To be read to its end, or destroyed. Fails where the store does not give all of it. */
  readonly content: Readable
}

/** Large bytes that are written once and read a few times. They pass through; none is held in memory as a whole. */
export type BlobStore = {
  /**
   * Whole or not at all, and durable once it resolves. What was there under the key before is replaced. Rejects with
   * BlobSizeError where the content is not as long as was said.
   */
  put(key: BlobKey, content: AsyncIterable<Uint8Array>, sizeBytes: number): Promise<void>
  get(key: BlobKey): Promise<StoredBlob | undefined>
  size(key: BlobKey): Promise<number | undefined>
  /** Also where there is none. */
  delete(key: BlobKey): Promise<void>
}

/** The content was longer or shorter than announced. */
export class BlobSizeError extends Error {
  override readonly name = 'BlobSizeError'
}
