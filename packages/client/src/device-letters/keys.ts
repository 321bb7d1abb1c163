import type { ArchiveKeys } from '@entangle/crypto'
import type { AccountContext } from '../account/context.ts'
import type { Transaction } from '../store/ledger.ts'

/** Part of a transaction: archive and state go on with these keys, and look again at what did not open before. */
export function stageKeys(
  { archive, keyRing, state }: Pick<AccountContext, 'archive' | 'keyRing' | 'state'>,
  transaction: Transaction,
  keys: ArchiveKeys,
): void {
  if (!keyRing.stage(transaction, keys)) return
  state.stageReread(transaction)
  transaction.afterCommit(archive.keysCame)
}
