import type { AccountId } from '@entangle/protocol'
import { sha256 } from '@noble/hashes/sha2.js'
import type { AccountContext } from '../account/context.ts'
import { stateNames } from '../account-state/state-names.ts'
import { hexOf } from '../bytes.ts'
import type { Transaction } from '../store/ledger.ts'
import type { Contact } from './contact-book.ts'

/** The account key of this account, as the newest verified identity has it. */
export const ownAccountKey = ({ contacts, self }: Pick<AccountContext, 'contacts' | 'self'>): Uint8Array =>
  contacts.get(self.accountId)?.record.accountKey ?? self.accountKey

/** Names an account key where its 1984 bytes are too many. */
const markOf = (accountKey: Uint8Array): string => hexOf(sha256(accountKey))

/** How an account key is trusted. All devices of the account say the same: that one was compared is in its state. */
export function basisOf(
  { self, state }: Pick<AccountContext, 'self' | 'state'>,
  { accountId, accountKey }: Pick<Contact['record'], 'accountId' | 'accountKey'>,
): 'first-use' | 'verified' {
  const isOwn = accountId === self.accountId
  const isCompared = state.read(stateNames.verified(accountId)) === markOf(accountKey)
  return isOwn || isCompared ? 'verified' : 'first-use'
}

/** Part of a transaction: this account key was compared, here or by a link that names it; null takes that back. */
export function stageVerified(
  { state }: Pick<AccountContext, 'state'>,
  transaction: Transaction,
  accountId: AccountId,
  accountKey: Uint8Array | null,
): void {
  state.stage(transaction, stateNames.verified(accountId), accountKey && markOf(accountKey))
}
