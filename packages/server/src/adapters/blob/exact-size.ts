import { BlobSizeError } from '../../ports/blob-store.ts'

/**
 * The same chunks, or BlobSizeError. Each is held back until the next one has come, so that nobody has received all of a
 * content that turns out to be longer.
 */
export async function* exactSize(
  content: AsyncIterable<Uint8Array>,
  sizeBytes: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let left = sizeBytes
  let held: Uint8Array | undefined
  for await (const chunk of content) {
    left -= chunk.length
    if (left < 0) throw new BlobSizeError('more than was announced')
    if (chunk.length === 0) continue
    if (held !== undefined) yield held
    held = chunk
  }
  if (left > 0) throw new BlobSizeError('less than was announced')
  if (held !== undefined) yield held
}
