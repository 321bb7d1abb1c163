import type { AccountContext } from '../account/context.ts'
import type { ChatId } from '../api/engine-api.ts'
import { withHistory } from '../chats/preview.ts'
import { stageStateRequest } from '../groups/asking.ts'
import { isText } from '../outbox/outbox-entry.ts'
import type { MessageRecord } from '../timeline/message-record.ts'

/**
 * Own messages that were accepted at places before the one at which this device came in anew: the log does not bring
 * them any more. Answers whether there were any.
 */
export async function settleEarlier(context: AccountContext, chatId: ChatId): Promise<boolean> {
  const { archive, chats, ledger, log, outbox, self } = context
  const placed = (cursor: number) =>
    outbox.list(chatId).flatMap(entry => {
      const acceptance = outbox.acceptance(entry.messageId)
      return acceptance === undefined || acceptance.seq > cursor ? [] : [{ entry, ...acceptance }]
    })
  const isAny = () => {
    const conversation = chats.get(chatId)?.conversation
    return conversation?.phase === 'active' && placed(conversation.cursor).length > 0
  }
  if (!isAny()) return false
  await ledger.transact(async transaction => {
    const chat = chats.get(chatId)
    if (chat?.conversation.phase !== 'active') return
    const { conversationId, cursor } = chat.conversation
    const found = placed(cursor)
    for (const { entry } of found) outbox.stageRemove(transaction, entry)
    const messages = found.flatMap(({ entry, seq, time }): MessageRecord[] => {
      const { content, messageId: id } = entry
      return content.kind === 'text' ? [{ seq, id, from: self.accountId, own: true, time, content }] : []
    })
    const { inserted, tail } = await log.insert(transaction, chat, messages)
    archive.stage(transaction, conversationId, chatId, inserted)
    chats.stage(transaction, { ...withHistory(chat, inserted), tail })
    // Whether a change counted at its place is not known here.
    if (!found.every(({ entry }) => isText(entry))) stageStateRequest(context, transaction, chatId)
  })
  return true
}
