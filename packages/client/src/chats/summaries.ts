import type { AccountContext } from '../account/context.ts'
import type { ChatSummary } from '../api/engine-api.ts'
import { deliveryOf, outboxDelivery } from '../timeline/rows.ts'
import type { ChatRecord } from './chat-record.ts'

function lastOf(chat: ChatRecord, { outbox }: AccountContext): ChatSummary['last'] {
  const waiting = outbox.list(chat.id).at(-1)
  if (waiting !== undefined) {
    const acceptance = outbox.acceptance(waiting.messageId)
    return {
      text: waiting.text,
      own: true,
      time: acceptance?.time ?? waiting.createdAt,
      delivery: outboxDelivery(waiting, acceptance !== undefined),
    }
  }
  if (chat.last === null) return null
  const { text, own, time, seq } = chat.last
  return { text, own, time, delivery: own ? deliveryOf(seq, chat) : null }
}

function summaryOf(chat: ChatRecord, typing: boolean, context: AccountContext): ChatSummary {
  const last = lastOf(chat, context)
  return {
    id: chat.id,
    kind: 'direct',
    peer: { ...chat.peer, blocked: chat.blocked },
    standing: chat.blocked ? 'blocked' : chat.standing,
    unread: chat.blocked ? 0 : chat.unread,
    last,
    activity: last?.time ?? chat.createdAt,
    draft: chat.draft,
    typing,
    warning: chat.warning,
  }
}

/** A group of a stranger without a message, or a request that was refused, is nothing to show. */
const isVisible = (chat: ChatRecord): boolean =>
  !chat.hidden && (chat.standing !== 'request' || chat.last !== null || chat.blocked)

/** The chat list, newest first. */
export function summarise(context: AccountContext, isTyping: (chat: ChatRecord) => boolean): ChatSummary[] {
  return [...context.chats.all()]
    .filter(isVisible)
    .map(chat => summaryOf(chat, isTyping(chat), context))
    .sort((one, other) => other.activity - one.activity)
}
