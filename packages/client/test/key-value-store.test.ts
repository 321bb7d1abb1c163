import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { keyValueStoreContract } from '@entangle/testkit/contracts/key-value-store'
import { createMemoryKeyValueStore, createMemoryMedium } from '../src/adapters/memory/index.ts'
import { openSqliteKeyValueStore } from '../src/adapters/node/index.ts'

keyValueStoreContract('memory', async () => {
  const medium = createMemoryMedium()
  return { open: async () => createMemoryKeyValueStore(medium), destroy: async () => undefined }
})

keyValueStoreContract('sqlite', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'entangle-store-'))
  return {
    open: async () => openSqliteKeyValueStore(join(folder, 'store.sqlite')),
    destroy: () => rm(folder, { recursive: true }),
  }
})
