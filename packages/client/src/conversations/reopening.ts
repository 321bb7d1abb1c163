import { idToBytes, type LogEvent } from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import type { ChatId } from '../api/engine-api.ts'
import { equalBytes } from '../bytes.ts'
import { withPreview } from '../chats/preview.ts'
import { readMessage } from './messages.ts'

/** The event at this place as the log has it now, where that is not what was stored as unreadable. */
async function sounder(
  { calls, chats, log }: AccountContext,
  chatId: ChatId,
  seq: number,
): Promise<LogEvent | undefined> {
  const conversation = chats.get(chatId)?.conversation
  const [stored] = (await log.before(chatId, seq + 1, 1)).messages
  if (conversation?.phase !== 'active' || stored?.seq !== seq || stored.content.kind !== 'pending') return
  const { conversationId } = conversation
  const [event] = (await calls.call('readEvents', { conversationId, after: seq - 1, limit: 1 })).events
  const isSame = event?.seq === seq && event.messageId === stored.id && event.kind === 'application'
  return isSame && !equalBytes(event.body, stored.content.raw) ? event : undefined
}

/** A message that did not open may only have been spoilt on its way: the log is asked for it once more. */
export async function reopen(context: AccountContext, chatId: ChatId, seq: number): Promise<void> {
  const event = await sounder(context, chatId, seq)
  if (event === undefined) return
  const { archive, chats, ledger, log } = context
  await ledger.transact(async transaction => {
    const chat = chats.get(chatId)
    if (chat?.conversation.phase !== 'active') return
    const { conversation } = chat
    await transaction.openGroup(conversation.conversationId)
    const { mls } = transaction
    const groupId = idToBytes(conversation.conversationId)
    const opened = mls.processMessage(groupId, event.body, [], event.serverTime)
    if (opened.kind !== 'application') return
    const message = readMessage({ context, mls }, { chat, conversation }, event, opened)
    if (message === undefined) return
    const { tail } = await log.insert(transaction, chat, [message])
    archive.stage(transaction, conversation.conversationId, chatId, [message])
    chats.stage(transaction, { ...withPreview(chat, [message]), tail })
  })
}
