import { randomBytes } from 'node:crypto'
import type { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'

/** The port as its users see it; adapters of the server fit it by shape. */
export type BlobStoreUnderTest = {
  put(key: string, content: AsyncIterable<Uint8Array>, sizeBytes: number): Promise<void>
  get(key: string): Promise<{ readonly sizeBytes: number; readonly content: Readable } | undefined>
  size(key: string): Promise<number | undefined>
  delete(key: string): Promise<void>
}

const KIB = 1024
const newKey = () => randomBytes(16).toString('hex')

async function* chunksOf(...chunks: readonly Uint8Array[]) {
  yield* chunks
}

/** A visitor who thinks between pieces: what came before is on its way by then. */
async function* slowly(...chunks: readonly string[]) {
  for (const chunk of chunks) {
    yield Buffer.from(chunk)
    await sleep(50)
  }
}

/** What every blob store must do, whatever keeps it. */
export function blobStoreContract(name: string, store: () => BlobStoreUnderTest): void {
  describe(`blob store contract: ${name}`, () => {
    const put = (key: string, ...chunks: readonly Uint8Array[]) =>
      store().put(key, chunksOf(...chunks), Buffer.concat(chunks).length)
    const read = async (key: string) => {
      const found = await store().get(key)
      return found && { sizeBytes: found.sizeBytes, bytes: await buffer(found.content) }
    }

    test('gives back what was put, in whatever pieces it came', async () => {
      const key = newKey()
      const chunks = [1, 70 * KIB, 0, 300 * KIB, 7].map(size => randomBytes(size))
      await put(key, ...chunks)
      const bytes = Buffer.concat(chunks)
      expect(await store().size(key)).toBe(bytes.length)
      const found = await read(key)
      expect(found?.sizeBytes).toBe(bytes.length)
      expect(found?.bytes.equals(bytes)).toBe(true)
    })

    test('keeps what is empty, and knows nothing of what was never put', async () => {
      const key = newKey()
      await put(key)
      expect(await read(key)).toEqual({ sizeBytes: 0, bytes: Buffer.alloc(0) })
      expect(await store().get(newKey())).toBeUndefined()
      expect(await store().size(newKey())).toBeUndefined()
    })

    test('replaces what was there', async () => {
      const key = newKey()
      await put(key, randomBytes(5 * KIB))
      await put(key, Buffer.from('new'))
      expect((await read(key))?.bytes.toString()).toBe('new')
      expect(await store().size(key)).toBe(3)
    })

    test('deletes, also twice and what never was', async () => {
      const key = newKey()
      await put(key, randomBytes(10))
      await store().delete(key)
      await store().delete(key)
      await store().delete(newKey())
      expect(await store().get(key)).toBeUndefined()
    })

    test.each([
      ['shorter', 9],
      ['longer', 7],
      ['longer by a later piece', 4],
    ])('refuses content that is %s than announced, and leaves what was there', async (_, sizeBytes) => {
      const [key, fresh] = [newKey(), newKey()]
      await put(key, Buffer.from('before'))
      for (const each of [key, fresh]) {
        const content = slowly('1234', '5678')
        await expect(store().put(each, content, sizeBytes)).rejects.toThrow(
          expect.objectContaining({ name: 'BlobSizeError' }),
        )
      }
      expect((await read(key))?.bytes.toString()).toBe('before')
      expect(await store().size(fresh)).toBeUndefined()
    })

    test('stores nothing of content that fails on its way, and says why', async () => {
      const key = newKey()
      async function* breaking() {
        yield randomBytes(100 * KIB)
        throw new Error('the visitor has gone')
      }
      await expect(store().put(key, breaking(), 200 * KIB)).rejects.toThrow('the visitor has gone')
      expect(await store().size(key)).toBeUndefined()
    })

    test('a reader may leave early, and several write at once', async () => {
      const keys = Array.from({ length: 8 }, newKey)
      await Promise.all(keys.map(key => put(key, Buffer.from(key), randomBytes(200 * KIB))))
      const left = await store().get(keys[0] ?? '')
      left?.content.destroy()
      for (const key of keys) expect((await read(key))?.bytes.subarray(0, 32).toString()).toBe(key)
    })
  })
}
