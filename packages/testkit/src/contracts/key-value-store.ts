import { type KeyValueStore, StoreError } from '@entangle/client/ports'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

/** A medium on which stores can be opened again and again: what one wrote durably, the next one reads. */
export type KeyValueMedium = {
  readonly open: () => Promise<KeyValueStore>
  readonly destroy: () => Promise<void>
}

const bytes = (...values: number[]) => Uint8Array.from(values)
const put = (key: string, ...values: number[]) => ({ key, value: bytes(...values) })
const ALL = { from: '', to: '\u007f' }

const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'passed',
    error => (error instanceof StoreError ? error.code : error),
  )

/** What every key-value store must do, whatever it is made of. */
export function keyValueStoreContract(name: string, create: () => Promise<KeyValueMedium>): void {
  describe(`key-value store contract: ${name}`, () => {
    let medium: KeyValueMedium
    let store: KeyValueStore
    let fence: number

    beforeEach(async () => {
      medium = await create()
      store = await medium.open()
      fence = await store.acquireFence()
    })
    afterEach(async () => {
      await store.close()
      await medium.destroy()
    })

    const keys = async (range = ALL, options = {}) =>
      (await store.scan(range, options)).map(entry => entry.key)

    test('gives back what was put, and undefined for the rest', async () => {
      await store.write({ puts: [put('a', 1, 2), put('empty')] }, { fence })
      expect(await store.get('a')).toEqual(bytes(1, 2))
      expect(await store.get('empty')).toEqual(bytes())
      expect(await store.get('b')).toBeUndefined()
      expect(await store.getMany(['b', 'a'])).toEqual([undefined, bytes(1, 2)])
    })

    test('neither keeps nor hands out memory that others can change', async () => {
      const value = bytes(7)
      await store.write({ puts: [{ key: 'a', value }] }, { fence })
      value[0] = 9
      const read = await store.get('a')
      expect(read).toEqual(bytes(7))
      read?.fill(1)
      expect(await store.get('a')).toEqual(bytes(7))
    })

    test('keeps a view of a larger buffer as exactly its own bytes', async () => {
      await store.write({ puts: [{ key: 'a', value: bytes(0, 1, 2, 3).subarray(1, 3) }] }, { fence })
      expect(await store.get('a')).toEqual(bytes(1, 2))
    })

    test('scans in the order of the keys, from inside, to outside, both ways, with a limit', async () => {
      await store.write({ puts: ['c/2', 'a', 'c/10', 'b', 'c/1'].map(key => put(key, 1)) }, { fence })
      expect(await keys()).toEqual(['a', 'b', 'c/1', 'c/10', 'c/2'])
      expect(await keys({ from: 'b', to: 'c/2' })).toEqual(['b', 'c/1', 'c/10'])
      expect(await keys(ALL, { reverse: true, limit: 2 })).toEqual(['c/2', 'c/10'])
      expect(await keys({ from: 'b', to: 'c/2' }, { reverse: true })).toEqual(['c/10', 'c/1', 'b'])
      expect(await keys(ALL, { limit: 1 })).toEqual(['a'])
    })

    test('clears, then deletes, then puts in one batch', async () => {
      await store.write({ puts: [put('a/1', 1), put('a/2', 1), put('b', 1)] }, { fence })
      await store.write(
        { clears: [{ from: 'a/', to: 'a0' }], deletes: ['b'], puts: [put('a/2', 2), put('b', 2)] },
        { fence },
      )
      expect(await store.scan(ALL)).toEqual([put('a/2', 2), put('b', 2)])
    })

    test('an overtaken writer fails and changes nothing', async () => {
      await store.write({ puts: [put('a', 1)] }, { fence })
      const second = await medium.open()
      const later = await second.acquireFence()
      expect(later).toBeGreaterThan(fence)
      expect(await codeOf(store.write({ deletes: ['a'], puts: [put('b', 1)] }, { fence }))).toBe(
        'STORE_FENCED',
      )
      expect(await store.get('a')).toEqual(bytes(1))
      expect(await store.get('b')).toBeUndefined()
      await second.write({ puts: [put('b', 2)] }, { fence: later })
      expect(await store.get('b')).toEqual(bytes(2))
      await second.close()
    })

    test('what was written is there after opening again, and the fence goes on rising', async () => {
      await store.write({ puts: [put('a', 1)] }, { fence })
      await store.close()
      store = await medium.open()
      expect(await store.get('a')).toEqual(bytes(1))
      const next = await store.acquireFence()
      expect(next).toBeGreaterThan(fence)
      fence = next
    })

    test('a batch of thousands is one batch', async () => {
      const puts = Array.from({ length: 3_000 }, (_, index) =>
        put(`k/${String(index).padStart(5, '0')}`, index % 256),
      )
      await store.write({ puts }, { fence })
      expect(await store.scan({ from: 'k/', to: 'k0' })).toEqual(puts)
      await store.write({ clears: [{ from: 'k/', to: 'k0' }] }, { fence })
      expect(await keys()).toEqual([])
    })

    test('a closed store refuses', async () => {
      await store.close()
      expect(await codeOf(store.get('a'))).toBe('STORE_CLOSED')
      expect(await codeOf(store.write({ puts: [put('a', 1)] }, { fence }))).toBe('STORE_CLOSED')
    })
  })
}
