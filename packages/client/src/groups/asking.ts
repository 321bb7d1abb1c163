import { randomBytes } from '@entangle/crypto'
import { type AccountId, type MessageId, readId } from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import { between } from '../account/timing.ts'
import type { ChatId } from '../api/engine-api.ts'
import type { ChatRecord } from '../chats/chat-record.ts'
import type { Transaction } from '../store/ledger.ts'
import type { GroupRecord } from './group-record.ts'
import { tellerOf } from './link-telling.ts'
import { isUntold, STATE_REQUEST } from './state.ts'

/** Part of a transaction: the group is asked for its state. */
export function stageStateRequest(
  { clock, outbox }: Pick<AccountContext, 'clock' | 'outbox'>,
  transaction: Transaction,
  chatId: ChatId,
): void {
  const messageId: MessageId = readId(randomBytes(16))
  outbox.stageNew(transaction, chatId, [{ messageId, content: STATE_REQUEST }], clock.now())
}

function isWanting(chat: ChatRecord): boolean {
  if (chat.kind !== 'group') return false
  const { mayBeOutdated = false, members, stateAt } = chat.group
  return isUntold({ at: stateAt }) || (mayBeOutdated && members.length > 1)
}

/**
 * A device that came in by itself has the state of the group from the account's other devices. Where they have none,
 * or are gone, it asks the group: after a while, and ever less often. So does one that came back, until somebody has
 * answered whom it believes: those who managed the group may be leaving it.
 */
export function createStateAsking(context: AccountContext, wakeAt: (time: number) => void) {
  const { clock, ledger, timing } = context
  let asked = 0
  let dueAt: number | undefined

  const inAWhile = () => clock.now() + between(timing.stateRequest, clock.random()) * 2 ** asked

  return {
    /** Answers whether there is something to send now. */
    async step(chat: ChatRecord): Promise<boolean> {
      if (!isWanting(chat)) {
        asked = 0
        dueAt = undefined
        return false
      }
      dueAt ??= inAWhile()
      if (dueAt > clock.now()) {
        wakeAt(dueAt)
        return false
      }
      asked += 1
      dueAt = inAWhile()
      await ledger.transact(transaction => stageStateRequest(context, transaction, chat.id))
      return true
    },
  }
}

/** Of those who can, one account answers. */
export const isAsked = (group: GroupRecord, asker: AccountId, self: AccountId): boolean =>
  asker !== self && tellerOf(group, asker) === self
