import { type ArchiveKeys, holdsArchiveKeys } from '@entangle/crypto'
import { accountKeys } from '../store/keys.ts'
import type { Transaction } from '../store/ledger.ts'
import type { SealedStore } from '../store/sealed-store.ts'

/** The account's archive keys as this device knows them. */
export function createKeyRing() {
  let keys: ArchiveKeys | null = null
  return {
    /** `earlier`: where a version that knew one key has put it. */
    async load(records: SealedStore, earlier: Uint8Array | null): Promise<void> {
      const stored = await records.readRecord(accountKeys.archiveKeys, value => value as ArchiveKeys)
      keys = stored ?? (earlier && [{ version: 1, key: earlier }])
    },
    /** Null on a device of an earlier version until a vault was opened there: then nothing is shared. */
    current: (): ArchiveKeys | null => keys,
    /** Part of a transaction. False where they are no news, or do not hold what is known already. */
    stage(transaction: Transaction, next: ArchiveKeys): boolean {
      if (keys !== null && (next.length <= keys.length || !holdsArchiveKeys(next, keys))) return false
      transaction.put(accountKeys.archiveKeys, next)
      transaction.afterCommit(() => {
        keys = next
      })
      return true
    },
  }
}
export type KeyRing = ReturnType<typeof createKeyRing>
