import type { AccountId } from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import type { StateEntry } from '../account-state/state-entry.ts'
import { stateNames } from '../account-state/state-names.ts'
import type { ChatId } from '../api/engine-api.ts'
import { hexOf } from '../bytes.ts'
import { concerns } from '../chats/chat-record.ts'
import type { Transaction } from '../store/ledger.ts'
import { followAcceptance, stageAcceptedPin } from './directory.ts'
import { acceptedMark, markOf, parseAccepted } from './trust.ts'

const PREFIX = stateNames.accepted('' as AccountId)
const accountOf = (name: string) => name.slice(PREFIX.length) as AccountId

/**
 * What a person has accepted on one device holds on all. An acceptance names one account key and ends no warning about
 * any other; it lies sealed in the account state, so only devices of the account can give it.
 */
export function createAcceptances(context: AccountContext, wake: (chatId: ChatId) => void) {
  const { chats, contacts, diagnostics, sender, state } = context

  const goOn = (accountId: AccountId) => {
    for (const chat of chats.all()) if (concerns(chat, accountId)) wake(chat.id)
    // A Welcome may wait that was not followed before.
    sender.control({ t: 'heads' })
  }

  const isPinned = (accountId: AccountId, mark: string | undefined): boolean => {
    const record = contacts.recordOf(accountId)
    return record !== undefined && markOf(record.accountKey) === mark
  }

  /** Another key is pinned here than the accepted one, and that is none of before. */
  const isBehind = (accountId: AccountId): boolean => {
    const record = contacts.recordOf(accountId)
    const mark = acceptedMark(context, accountId)
    if (record === undefined || mark === undefined || isPinned(accountId, mark)) return false
    return !(record.formerKeys ?? []).some(hash => hexOf(hash) === mark)
  }

  const follow = (accountId: AccountId) => {
    if (!isBehind(accountId) || !sender.isReady()) return
    followAcceptance(context, accountId).then(
      isFollowed => isFollowed && goOn(accountId),
      error => diagnostics.note('ACCEPTANCE_NOT_FOLLOWED', error),
    )
  }

  return {
    /** Part of the transaction that stores entries of other devices. */
    apply(transaction: Transaction, changed: readonly StateEntry[]): void {
      for (const { name, value } of changed) {
        if (!name.startsWith(PREFIX)) continue
        const accountId = accountOf(name)
        if (isPinned(accountId, parseAccepted(value))) {
          stageAcceptedPin(context, transaction, accountId)
          transaction.afterCommit(() => goOn(accountId))
        } else transaction.afterCommit(() => follow(accountId))
      }
    },
    /** The connection is there: what could not be asked for before is asked for now. */
    connected(): void {
      for (const name of state.names(PREFIX)) follow(accountOf(name))
    },
  }
}
export type Acceptances = ReturnType<typeof createAcceptances>
