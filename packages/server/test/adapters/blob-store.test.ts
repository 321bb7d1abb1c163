import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { pathToFileURL } from 'node:url'
import { blobStoreContract } from '@entangle/testkit/contracts/blob-store'
import { findS3Server, type S3Server, startS3Server } from '@entangle/testkit/services'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openFileBlobStore } from '../../src/adapters/blob/file-blob-store.ts'
import { openBlobStore } from '../../src/adapters/blob/open-blob-store.ts'
import { createS3BlobStore, parseS3Url } from '../../src/adapters/blob/s3-blob-store.ts'
import { type BlobStore, parseBlobKey } from '../../src/ports/blob-store.ts'

/** Where everything has to be tested, a server that is not there is a failure. */
const canRun = findS3Server() !== undefined || process.env['CI'] === 'true'
const clock = { now: () => Date.now() }
const KEY = parseBlobKey('0123456789abcdef0123456789abcdef')

async function* chunksOf(...chunks: readonly string[]) {
  for (const chunk of chunks) yield Buffer.from(chunk)
}

/** As the contract sees it: it makes keys of the right form by itself. */
const byText = (store: () => BlobStore) => () => ({
  put: (key: string, content: AsyncIterable<Uint8Array>, sizeBytes: number) =>
    store().put(parseBlobKey(key), content, sizeBytes),
  get: (key: string) => store().get(parseBlobKey(key)),
  size: (key: string) => store().size(parseBlobKey(key)),
  delete: (key: string) => store().delete(parseBlobKey(key)),
})

describe('in a folder', () => {
  let folder: string
  let store: BlobStore
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'entangle-blobs-'))
    store = await openFileBlobStore(folder)
  })
  afterAll(() => rm(folder, { recursive: true }))

  blobStoreContract(
    'files',
    byText(() => store),
  )

  test('leaves no drafts, and removes those that a crash left long ago', async () => {
    const drafts = join(folder, 'drafts')
    await expect(store.put(KEY, chunksOf('abc'), 2)).rejects.toThrow('more')
    expect(await readdir(drafts)).toEqual([])
    for (const name of ['old', 'new']) await writeFile(join(drafts, name), 'half')
    await utimes(join(drafts, 'old'), 0, 0)
    await openFileBlobStore(folder)
    expect(await readdir(drafts)).toEqual(['new'])
  })

  test('another process, or the next one, finds what was put', async () => {
    await store.put(KEY, chunksOf('abc'), 3)
    const found = await (await openBlobStore(pathToFileURL(folder), clock)).get(KEY)
    expect(found && (await buffer(found.content)).toString()).toBe('abc')
  })
})

describe.skipIf(!canRun)('with a real S3 server', () => {
  let server: S3Server
  let store: BlobStore
  beforeAll(async () => {
    server = await startS3Server()
    store = await openBlobStore(server.url, clock)
  }, 60_000)
  afterAll(() => server?.dispose())

  blobStoreContract(
    'S3',
    byText(() => store),
  )

  test('a wrong secret and a wrong clock are refused, and nothing is taken for missing', async () => {
    const wrong = new URL(server.url)
    wrong.password = 'something-else'
    const anHourLate = { now: () => Date.now() - 3_600_000 }
    for (const refused of [
      createS3BlobStore(parseS3Url(wrong), clock),
      createS3BlobStore(parseS3Url(server.url), anHourLate),
    ]) {
      await expect(refused.put(KEY, chunksOf('abc'), 3)).rejects.toThrow('403')
      await expect(refused.get(KEY)).rejects.toThrow('403')
      await expect(refused.size(KEY)).rejects.toThrow('403')
      await expect(refused.delete(KEY)).rejects.toThrow('403')
    }
  })
})

describe('with a store that fails', () => {
  let failing: Server
  let store: BlobStore
  beforeAll(async () => {
    // Announces more than it gives, and breaks off.
    failing = createServer((_, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('half')
      setTimeout(() => response.destroy(), 20)
    })
    await new Promise<void>(resolve => failing.listen(0, '127.0.0.1', resolve))
    const { port } = failing.address() as AddressInfo
    store = createS3BlobStore(parseS3Url(new URL(`http://key:secret@127.0.0.1:${port}/blobs`)), clock)
  })
  afterAll(() => failing.close())

  test('half of a blob is not taken for the whole', async () => {
    const found = await store.get(KEY)
    await expect(found && buffer(found.content)).rejects.toThrow()
  })

  test('one that cannot be reached says so', async () => {
    const nowhere = createS3BlobStore(parseS3Url(new URL('http://key:secret@127.0.0.1:1/blobs')), clock)
    await expect(nowhere.put(KEY, chunksOf('abc'), 3)).rejects.toThrow('ECONNREFUSED')
    await expect(nowhere.size(KEY)).rejects.toThrow('ECONNREFUSED')
  })
})
