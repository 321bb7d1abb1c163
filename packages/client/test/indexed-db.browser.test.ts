import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { keyValueStoreContract } from '@entangle/testkit/contracts/key-value-store'
import { launchBrowser } from '@entangle/testkit/harness'
import type { Browser, Page } from 'playwright-core'
import { build } from 'vite'
import { afterAll, beforeAll } from 'vitest'
import {
  type KeyRange,
  type KeyValueStore,
  type ScanOptions,
  type StoredEntry,
  StoreError,
  type StoreErrorCode,
  type WriteBatch,
} from '../src/ports/index.ts'

/** The adapter as a script of its own, for a page that has nothing else. */
async function bundle(): Promise<string> {
  const entry = fileURLToPath(
    new URL('../src/adapters/browser/indexed-db-key-value-store.ts', import.meta.url),
  )
  const built = await build({
    configFile: false,
    logLevel: 'silent',
    build: { write: false, lib: { entry, formats: ['iife'], name: 'adapter' } },
  })
  const outputs = Array.isArray(built) ? built : [built]
  for (const output of outputs) {
    if (!('output' in output)) continue
    for (const chunk of output.output) if (chunk.type === 'chunk') return chunk.code
  }
  throw new Error('nothing was built')
}

let browser: Browser
let page: Page
const site = createServer((_, answer) => answer.setHeader('content-type', 'text/html').end('<!doctype html>'))

beforeAll(async () => {
  await new Promise<void>(resolve => site.listen(0, '127.0.0.1', resolve))
  browser = await launchBrowser()
  page = await browser.newPage()
  await page.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}/`)
  await page.addScriptTag({ content: `${await bundle()};globalThis.adapter=adapter;globalThis.stores=[]` })
})
afterAll(async () => {
  await browser.close()
  site.close()
})

/** Bytes cross to the page and back as arrays of numbers. */
const pack = ({ key, value }: StoredEntry) => ({ key, value: [...value] })
const unpack = (value: unknown) => (Array.isArray(value) ? Uint8Array.from(value) : undefined)

type Answer = { value?: unknown; code?: string; message?: string }

async function ask(id: number, method: string, args: unknown[]): Promise<unknown> {
  const answer: Answer = await page.evaluate(
    async ([store, name, input]) => {
      const toBytes = (value: unknown): unknown => {
        if (Array.isArray(value) && value.every(item => typeof item === 'number'))
          return Uint8Array.from(value)
        return value
      }
      const fromBytes = (value: unknown): unknown => {
        if (value instanceof Uint8Array) return [...value]
        if (Array.isArray(value)) return value.map(item => (item === undefined ? null : fromBytes(item)))
        if (typeof value === 'object' && value !== null && 'key' in value && 'value' in value) {
          return { key: value.key, value: fromBytes(value.value) }
        }
        return value
      }
      const [first, second] = input as [Record<string, unknown>, unknown]
      if (name === 'write' && Array.isArray(first['puts'])) {
        first['puts'] = first['puts'].map(entry => ({ key: entry.key, value: toBytes(entry.value) }))
      }
      try {
        const stores: unknown = Reflect.get(globalThis, 'stores')
        const target: Record<string, (...values: unknown[]) => Promise<unknown>> = Reflect.get(
          stores as object,
          store,
        )
        return { value: fromBytes(await target[name]?.(first, second)) }
      } catch (error) {
        const { code, message } = error as { code?: string; message: string }
        return { code: code ?? '', message }
      }
    },
    [id, method, args] as const,
  )
  if (answer.message !== undefined) {
    throw new StoreError(
      (answer.code === '' ? 'STORE_FAILED' : answer.code) as StoreErrorCode,
      answer.message,
    )
  }
  return answer.value
}

const openInPage = (name: string): Promise<number> =>
  page.evaluate(async database => {
    const adapter: { openIndexedDbKeyValueStore: (name: string) => Promise<object> } = Reflect.get(
      globalThis,
      'adapter',
    )
    const stores: object[] = Reflect.get(globalThis, 'stores')
    return stores.push(await adapter.openIndexedDbKeyValueStore(database)) - 1
  }, name)

async function open(name: string): Promise<KeyValueStore> {
  const id = await openInPage(name)
  return {
    get: async key => unpack(await ask(id, 'get', [key])),
    getMany: async keys => ((await ask(id, 'getMany', [keys])) as unknown[]).map(unpack),
    scan: async (range: KeyRange, options?: ScanOptions) =>
      ((await ask(id, 'scan', [range, options ?? {}])) as { key: string; value: number[] }[]).map(
        ({ key, value }) => ({ key, value: Uint8Array.from(value) }),
      ),
    write: async (batch: WriteBatch, guard) => {
      await ask(id, 'write', [{ ...batch, puts: (batch.puts ?? []).map(pack) }, guard])
    },
    acquireFence: async () => Number(await ask(id, 'acquireFence', [{}])),
    close: async () => {
      await ask(id, 'close', [{}])
    },
  }
}

let databases = 0

keyValueStoreContract('IndexedDB', async () => {
  const name = `contract-${databases++}`
  return {
    open: () => open(name),
    destroy: async () => {
      await page.evaluate(database => void indexedDB.deleteDatabase(database), name)
    },
  }
})
