import { fileURLToPath } from 'node:url'
import type { BlobStore } from '../../ports/blob-store.ts'
import type { Clock } from '../../ports/clock.ts'
import { openFileBlobStore } from './file-blob-store.ts'
import { createS3BlobStore, parseS3Url } from './s3-blob-store.ts'

/** What `BLOB_STORE_URL` names: a folder, or a bucket. */
export async function openBlobStore(url: URL, clock: Pick<Clock, 'now'>): Promise<BlobStore> {
  return url.protocol === 'file:'
    ? openFileBlobStore(fileURLToPath(url))
    : createS3BlobStore(parseS3Url(url), clock)
}
