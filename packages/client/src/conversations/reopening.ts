import { idToBytes, type LogEvent } from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import type { ChatId } from '../api/engine-api.ts'
import { equalBytes } from '../bytes.ts'
import { withPreview } from '../chats/preview.ts'
import { readMessage } from './messages.ts'

type Look =
  | { readonly is: 'sounder' | 'same'; readonly event: LogEvent }
  /** It is another event, or none that is missing here. */
  | { readonly is: 'other' }

/** The event at this place as the log has it now. */
async function lookUp({ calls, chats, log }: AccountContext, chatId: ChatId, seq: number): Promise<Look> {
  const conversation = chats.get(chatId)?.conversation
  const [stored] = (await log.before(chatId, seq + 1, 1)).messages
  if (conversation?.phase !== 'active' || stored?.seq !== seq || stored.content.kind !== 'pending') {
    return { is: 'other' }
  }
  const { conversationId } = conversation
  const [event] = (await calls.call('readEvents', { conversationId, after: seq - 1, limit: 1 })).events
  if (event?.seq !== seq || event.messageId !== stored.id || event.kind !== 'application')
    return { is: 'other' }
  return { is: equalBytes(event.body, stored.content.raw) ? 'same' : 'sounder', event }
}

/**
 * A message that did not open may only have been spoilt on its way: the log is asked for it once more. Answers with the
 * event if it was not.
 */
export async function reopen(
  context: AccountContext,
  chatId: ChatId,
  seq: number,
): Promise<LogEvent | undefined> {
  const look = await lookUp(context, chatId, seq)
  if (look.is === 'other') return undefined
  if (look.is === 'same') return look.event
  await openIn(context, chatId, look.event)
  return undefined
}

async function openIn(context: AccountContext, chatId: ChatId, event: LogEvent): Promise<void> {
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
