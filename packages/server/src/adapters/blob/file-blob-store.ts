import { randomBytes } from 'node:crypto'
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { BlobKey, BlobStore } from '../../ports/blob-store.ts'
import { syncFolder } from '../../sync-folder.ts'
import { exactSize } from './exact-size.ts'

/** Nobody writes at one for so long: what is older was left by a crash. */
const DRAFT_LIVES_MS = 24 * 3600 * 1000

/** What is not there is undefined. */
const ifThere = <T>(work: Promise<T>): Promise<T | undefined> =>
  work.catch(error => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })

async function removeOldDrafts(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name)
    const found = await ifThere(stat(path))
    if (found !== undefined && Date.now() - found.mtimeMs > DRAFT_LIVES_MS) await rm(path, { force: true })
  }
}

async function writeDraft(path: string, content: AsyncIterable<Uint8Array>): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    // From where it stands, so that one comes after the other.
    for await (const chunk of content) await file.writeFile(chunk)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Blobs as files, spread over 256 folders. */
export async function openFileBlobStore(folder: string): Promise<BlobStore> {
  const drafts = join(folder, 'drafts')
  await mkdir(drafts, { recursive: true, mode: 0o700 })
  await removeOldDrafts(drafts)
  const pathOf = (key: BlobKey) => join(folder, key.slice(0, 2), key)

  return {
    async put(key, content, sizeBytes) {
      const draft = join(drafts, `${key}.${randomBytes(6).toString('hex')}`)
      const path = pathOf(key)
      try {
        await writeDraft(draft, exactSize(content, sizeBytes))
        if ((await mkdir(dirname(path), { recursive: true, mode: 0o700 })) !== undefined)
          await syncFolder(folder)
        await rename(draft, path)
      } catch (error) {
        await rm(draft, { force: true })
        throw error
      }
      await syncFolder(dirname(path))
    },
    async get(key) {
      const file = await ifThere(open(pathOf(key), 'r'))
      if (file === undefined) return undefined
      const { size } = await file.stat()
      return { sizeBytes: size, content: file.createReadStream() }
    },
    size: async key => (await ifThere(stat(pathOf(key))))?.size,
    async delete(key) {
      await rm(pathOf(key), { force: true })
    },
  }
}
