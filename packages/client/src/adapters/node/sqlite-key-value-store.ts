import { DatabaseSync } from 'node:sqlite'
import {
  type KeyValueStore,
  type ScanOptions,
  type StoredEntry,
  StoreError,
  type WriteBatch,
} from '../../ports/key-value-store.ts'

/** SQLite in one file: a write-ahead log, flushed to the medium before a write resolves. */
export function openSqliteKeyValueStore(path: string): KeyValueStore {
  const database = new DatabaseSync(path)
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA busy_timeout = 5000;
    CREATE TABLE IF NOT EXISTS entry (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS fence (id INTEGER PRIMARY KEY CHECK (id = 1), epoch INTEGER NOT NULL);
    INSERT OR IGNORE INTO fence VALUES (1, 0);
  `)
  const get = database.prepare('SELECT value FROM entry WHERE key = ?')
  const up = database.prepare('SELECT key, value FROM entry WHERE key >= ? AND key < ? ORDER BY key LIMIT ?')
  const down = database.prepare(
    'SELECT key, value FROM entry WHERE key >= ? AND key < ? ORDER BY key DESC LIMIT ?',
  )
  const put = database.prepare('INSERT OR REPLACE INTO entry VALUES (?, ?)')
  const remove = database.prepare('DELETE FROM entry WHERE key = ?')
  const clear = database.prepare('DELETE FROM entry WHERE key >= ? AND key < ?')
  const readFence = database.prepare('SELECT epoch FROM fence')
  const raiseFence = database.prepare('UPDATE fence SET epoch = epoch + 1 RETURNING epoch')

  const bytes = (value: unknown): Uint8Array => {
    if (value instanceof Uint8Array) return value
    throw new StoreError('STORE_CORRUPT', 'a stored value is no byte string')
  }
  const bytesOf = (row: Record<string, unknown> | undefined) =>
    row === undefined ? undefined : bytes(row['value'])

  const guarded = <T>(action: () => T): T => {
    if (!database.isOpen) throw new StoreError('STORE_CLOSED', 'the store is closed')
    try {
      return action()
    } catch (cause) {
      if (cause instanceof StoreError) throw cause
      throw new StoreError('STORE_FAILED', 'the local database refused', { cause })
    }
  }

  const apply = (batch: WriteBatch, fence: number) => {
    if (Number(readFence.get()?.['epoch']) > fence) {
      throw new StoreError('STORE_FENCED', 'another writer has taken over')
    }
    for (const { from, to } of batch.clears ?? []) clear.run(from, to)
    for (const key of batch.deletes ?? []) remove.run(key)
    for (const { key, value } of batch.puts ?? []) put.run(key, value)
  }

  const inTransaction = (action: () => void) => {
    database.exec('BEGIN IMMEDIATE')
    try {
      action()
      database.exec('COMMIT')
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK')
      throw error
    }
  }

  return {
    async get(key) {
      return guarded(() => bytesOf(get.get(key)))
    },
    async getMany(keys) {
      return guarded(() => keys.map(key => bytesOf(get.get(key))))
    },
    async scan({ from, to }, options: ScanOptions = {}) {
      return guarded(() =>
        (options.reverse ? down : up)
          .all(from, to, options.limit ?? -1)
          .map((row): StoredEntry => ({ key: String(row['key']), value: bytes(row['value']) })),
      )
    },
    async write(batch, { fence }) {
      guarded(() => inTransaction(() => apply(batch, fence)))
    },
    async acquireFence() {
      return guarded(() => Number(raiseFence.get()?.['epoch']))
    },
    async close() {
      if (database.isOpen) database.close()
    },
  }
}
