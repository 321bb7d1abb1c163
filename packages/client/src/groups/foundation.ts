import type { AccountContext } from '../account/context.ts'
import { type ChatId, EngineError } from '../api/engine-api.ts'
import type { GroupChat } from '../chats/chat-record.ts'
import type { Wishes } from './wishes.ts'

const isEnded = (error: unknown): boolean => error instanceof EngineError && error.code === 'ENGINE_CLOSED'

/** Takes into a new group whom its founder has named; it goes on after a restart. */
export function createFoundation(context: AccountContext, chatId: ChatId, wishes: Wishes) {
  const { chats, diagnostics, ledger } = context
  let isAsked = false

  /** Whoever is not in by now does not come: sending waits no longer. */
  const finish = () =>
    ledger.transact(transaction => {
      const chat = chats.get(chatId)
      if (chat?.kind === 'group') {
        chats.stage(transaction, { ...chat, group: { ...chat.group, wanted: [] } })
      }
    })

  return {
    look({ group }: GroupChat): void {
      if (isAsked || group.wanted.length === 0) return
      isAsked = true
      wishes
        .ask({ kind: 'add', accountIds: group.wanted }, null)
        .then(finish, error => {
          diagnostics.note('NOT_ALL_ADDED', error)
          // After a restart it goes on.
          return isEnded(error) ? undefined : finish()
        })
        .catch(error => diagnostics.note('FOUNDATION_FAILED', error))
    },
  }
}
