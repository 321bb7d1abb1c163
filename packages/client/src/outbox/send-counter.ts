import { accountKeys } from '../store/keys.ts'
import type { Transaction } from '../store/ledger.ts'
import type { SealedStore } from '../store/sealed-store.ts'

/**
 * Counts this device's encryptions. The server remembers the highest number it has seen: when that is more
 * than ours, this store is an old copy, and encrypting from it would use keys twice.
 */
export function createSendCounter() {
  let value = 0
  let rolledBack = false
  return {
    async load(records: SealedStore): Promise<void> {
      value = (await records.readRecord(accountKeys.counter, stored => stored as number)) ?? 0
    },
    value: (): number => value,
    isRolledBack: (): boolean => rolledBack,
    /** Answers whether this is news. */
    compare(serverCounter: number): boolean {
      if (serverCounter <= value || rolledBack) return false
      rolledBack = true
      return true
    },
    stage(transaction: Transaction, next: number): void {
      transaction.put(accountKeys.counter, next)
      transaction.afterCommit(() => {
        value = next
      })
    },
  }
}
export type SendCounter = ReturnType<typeof createSendCounter>
