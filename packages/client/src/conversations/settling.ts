import type { AccountContext } from '../account/context.ts'
import type { ChatId } from '../api/engine-api.ts'
import type { ChatRecord } from '../chats/chat-record.ts'
import { withHistory } from '../chats/preview.ts'
import { stageStateRequest } from '../groups/asking.ts'
import { isText } from '../outbox/outbox-entry.ts'
import type { MessageRecord } from '../timeline/message-record.ts'

/** Up to where the log brings nothing any more; undefined while nothing was stored of it. */
function reachedIn(chat: ChatRecord | undefined): number | undefined {
  if (chat?.conversation.phase === 'ended') return Number.POSITIVE_INFINITY
  return chat?.conversation.phase === 'active' ? chat.conversation.cursor : undefined
}

/**
 * Own messages that were accepted at places before the one at which this device came in anew, or before it was put out
 * for good: the log does not bring them any more. Answers whether there were any.
 */
export async function settleEarlier(context: AccountContext, chatId: ChatId): Promise<boolean> {
  const { archive, chats, ledger, log, outbox, self } = context
  const placed = (reached = 0) =>
    outbox.list(chatId).flatMap(entry => {
      const acceptance = outbox.acceptance(entry.messageId)
      return acceptance === undefined || acceptance.seq > reached ? [] : [{ entry, ...acceptance }]
    })
  if (placed(reachedIn(chats.get(chatId))).length === 0) return false
  await ledger.transact(async transaction => {
    const chat = chats.get(chatId)
    const reached = reachedIn(chat)
    if (chat === undefined || chat.conversation.phase === 'none' || reached === undefined) return
    const { conversationId, phase } = chat.conversation
    const found = placed(reached)
    for (const { entry } of found) outbox.stageRemove(transaction, entry)
    const messages = found.flatMap(({ entry, seq, time }): MessageRecord[] => {
      const { content, messageId: id } = entry
      return content.kind === 'text' ? [{ seq, id, from: self.accountId, own: true, time, content }] : []
    })
    const { inserted, tail } = await log.insert(transaction, chat, messages)
    archive.stage(transaction, conversationId, chatId, inserted)
    chats.stage(transaction, { ...withHistory(chat, inserted), tail })
    // Whether a change counted at its place is not known here.
    if (phase === 'active' && !found.every(({ entry }) => isText(entry)))
      stageStateRequest(context, transaction, chatId)
  })
  return true
}
