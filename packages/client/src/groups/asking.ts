import { randomBytes } from '@entangle/crypto'
import { type AccountId, type MessageId, readId } from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import { between } from '../account/timing.ts'
import type { ChatRecord } from '../chats/chat-record.ts'
import type { GroupRecord } from './group-record.ts'
import { tellerOf } from './link-telling.ts'
import { isUntold, STATE_REQUEST } from './state.ts'

/**
 * A device that came in by itself has the state of the group from the account's other devices. Where they have none,
 * or are gone, it asks the group: after a while, and ever less often.
 */
export function createStateAsking(context: AccountContext, wakeAt: (time: number) => void) {
  const { clock, ledger, outbox, timing } = context
  let asked = 0
  let dueAt: number | undefined

  const inAWhile = () => clock.now() + between(timing.stateRequest, clock.random()) * 2 ** asked

  return {
    /** Answers whether there is something to send now. */
    async step({ id, ...chat }: ChatRecord): Promise<boolean> {
      if (chat.kind !== 'group' || !isUntold({ at: chat.group.stateAt })) {
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
      const messageId: MessageId = readId(randomBytes(16))
      await ledger.transact(transaction =>
        outbox.stageNew(transaction, id, [{ messageId, content: STATE_REQUEST }], clock.now()),
      )
      return true
    },
  }
}

/** Of those who can, one account answers. */
export const isAsked = (group: GroupRecord, asker: AccountId, self: AccountId): boolean =>
  asker !== self && tellerOf(group, asker) === self
