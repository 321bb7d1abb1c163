import type { AccountId } from '@entangle/protocol'
import { sha256 } from '@noble/hashes/sha2.js'
import { z } from 'zod'
import type { AccountContext } from '../account/context.ts'
import type { StateValue } from '../account-state/state-entry.ts'
import { stateNames } from '../account-state/state-names.ts'
import { hexOf } from '../bytes.ts'
import type { Transaction } from '../store/ledger.ts'
import type { Contact } from './contact-book.ts'

/** The account key of this account, as the newest verified identity has it. */
export const ownAccountKey = ({ contacts, self }: Pick<AccountContext, 'contacts' | 'self'>): Uint8Array =>
  contacts.get(self.accountId)?.record.accountKey ?? self.accountKey

/** Names an account key where its 1984 bytes are too many. */
export const markOf = (accountKey: Uint8Array): string => hexOf(sha256(accountKey))

/** Whether the person has compared this account key, or any; of a sibling's word too. */
export function isCompared(
  { state }: Pick<AccountContext, 'state'>,
  accountId: AccountId,
  accountKey?: Uint8Array,
): boolean {
  const compared = state.read(stateNames.verified(accountId))
  return typeof compared === 'string' && (accountKey === undefined || compared === markOf(accountKey))
}

/** How an account key is trusted. All devices of the account say the same: that one was compared is in its state. */
export function basisOf(
  context: Pick<AccountContext, 'self' | 'state'>,
  { accountId, accountKey }: Pick<Contact['record'], 'accountId' | 'accountKey'>,
): 'first-use' | 'verified' {
  const isOwn = accountId === context.self.accountId
  return isOwn || isCompared(context, accountId, accountKey) ? 'verified' : 'first-use'
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

const acceptedSchema = z.object({ key: z.string(), at: z.number() })

export const parseAccepted = (value: StateValue | undefined): string | undefined =>
  acceptedSchema.safeParse(value).data?.key

/** Which account key of somebody the person has gone on with, on any device, when it was not the one known before. */
export const acceptedMark = (
  { state }: Pick<AccountContext, 'state'>,
  accountId: AccountId,
): string | undefined => parseAccepted(state.read(stateNames.accepted(accountId)))

/** Part of a transaction: the person goes on with this account key; the other devices follow. */
export function stageAccepted(
  { clock, state }: Pick<AccountContext, 'clock' | 'state'>,
  transaction: Transaction,
  accountId: AccountId,
  accountKey: Uint8Array,
): void {
  state.stage(transaction, stateNames.accepted(accountId), { key: markOf(accountKey), at: clock.now() })
}
