import type { AccountContext } from '../account/context.ts'
import type { ChatMirror } from '../account-state/chat-mirror.ts'
import type { ChatId } from '../api/engine-api.ts'
import { engineFailure } from '../api/failures.ts'
import { type GroupChat, isOver } from '../chats/chat-record.ts'
import type { Transaction } from '../store/ledger.ts'

type Room = Pick<AccountContext, 'archive' | 'chats' | 'log' | 'outbox'>

/** What is left of a group that is over: enough to know it again should somebody add this account once more. */
const emptied = (chat: GroupChat): GroupChat => ({
  ...chat,
  hidden: true,
  last: null,
  unread: 0,
  draft: '',
  tail: 0,
})

/** Part of a transaction: the history goes from this device, and nothing of it comes back. */
export function stageForgotten(
  { archive, chats, log, outbox }: Room,
  transaction: Transaction,
  chat: GroupChat,
): GroupChat {
  log.stageClear(transaction, chat.id)
  archive.forget(transaction, chat.id)
  for (const entry of outbox.list(chat.id)) outbox.stageRemove(transaction, entry)
  const after = emptied(chat)
  chats.stage(transaction, after)
  return after
}

/** Takes a group that is over from the list, here and on the other devices of the account. */
export const forgetGroup = (
  context: Room & Pick<AccountContext, 'ledger'>,
  mirror: Pick<ChatMirror, 'stage'>,
  chatId: ChatId,
): Promise<void> =>
  context.ledger.transact(transaction => {
    const chat = context.chats.get(chatId)
    if (chat?.kind !== 'group') throw engineFailure('ENGINE_CHAT_UNKNOWN')
    if (!isOver(chat)) throw engineFailure('ENGINE_GROUP_PRESENT')
    mirror.stage(transaction, chat, stageForgotten(context, transaction, chat))
  })

/** Resolves once the log says that the account is out of a group which it has said it leaves. */
function untilOver(
  {
    changes,
    chats,
    clock,
    timing,
    sender,
  }: Pick<AccountContext, 'changes' | 'chats' | 'clock' | 'timing' | 'sender'>,
  chatId: ChatId,
): Promise<void> {
  const isGone = () => {
    const chat = chats.get(chatId)
    return chat === undefined || isOver(chat)
  }
  if (isGone()) return Promise.resolve()
  return new Promise((resolve, reject) => {
    const stop = changes.listen(change => {
      if (change.chatId !== chatId || !isGone()) return
      cancel()
      stop()
      resolve()
    })
    const cancel = clock.after(timing.wish, () => {
      stop()
      reject(engineFailure(sender.isReady() ? 'ENGINE_GROUP_BUSY' : 'ENGINE_OFFLINE'))
    })
  })
}

/**
 * Leaves a group that this account was asked into, and takes it from the list. What is wanted is written down first, so
 * that a device which ends in the middle does not show the group as one that was left.
 */
export async function refuseGroup(
  context: AccountContext,
  mirror: Pick<ChatMirror, 'stage' | 'stageRefusal' | 'stageRequest'>,
  chatId: ChatId,
  leave: () => Promise<void>,
): Promise<void> {
  const note = (kind: 'stageRefusal' | 'stageRequest') =>
    context.ledger.transact(transaction => {
      const chat = context.chats.get(chatId)
      if (chat?.kind === 'group') mirror[kind](transaction, chat)
    })
  await note('stageRefusal')
  try {
    await leave()
    await untilOver(context, chatId)
  } catch (error) {
    await note('stageRequest')
    throw error
  }
  await forgetGroup(context, mirror, chatId)
}
