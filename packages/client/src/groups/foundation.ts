import type { AccountId } from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import { type ChatId, EngineError } from '../api/engine-api.ts'
import type { GroupChat } from '../chats/chat-record.ts'
import type { Wishes } from './wishes.ts'

/** When those are asked for again who had nothing to be added by: who has just signed up has it in a moment. */
const AGAIN_AFTER_MS = [3_000, 15_000, 60_000] as const

const isEnded = (error: unknown): boolean => error instanceof EngineError && error.code === 'ENGINE_CLOSED'

/** Takes into a new group whom its founder has named; it goes on after a restart. */
export function createFoundation(
  context: AccountContext,
  chatId: ChatId,
  { wishes, wake }: { readonly wishes: Wishes; readonly wake: () => void },
) {
  const { chats, clock, diagnostics, ledger } = context
  let isAsked = false
  let cancelLater: () => void = () => undefined

  const addLater = (accountIds: readonly AccountId[], attempt = 0): void => {
    const delay = AGAIN_AFTER_MS[attempt]
    if (accountIds.length === 0 || delay === undefined) return
    cancelLater = clock.after(delay, () => {
      wishes.ask({ kind: 'add', accountIds }, null).then(
        ({ missing }) => addLater(missing, attempt + 1),
        error => diagnostics.note('NOT_ALL_ADDED', error),
      )
      wake()
    })
  }

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
        .then(
          async ({ missing }) => {
            await finish()
            addLater(missing)
          },
          error => {
            diagnostics.note('NOT_ALL_ADDED', error)
            // After a restart it goes on.
            return isEnded(error) ? undefined : finish()
          },
        )
        .catch(error => diagnostics.note('FOUNDATION_FAILED', error))
    },
    stop: () => cancelLater(),
  }
}
