import type { AccountId } from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import type { ChatId } from '../api/engine-api.ts'
import { type ChatRecord, concerns, directChatId } from '../chats/chat-record.ts'

/**
 * From here on nothing is encrypted in this chat, because of what was said of this person: of an event that cannot be
 * followed, until it is.
 */
export async function warnChat(
  { chats, ledger }: AccountContext,
  chatId: ChatId,
  accountId: AccountId,
): Promise<void> {
  await ledger.transact(transaction => {
    const chat = chats.get(chatId)
    if (chat === undefined || chat.warning !== null) return
    const { conversation } = chat
    const warnedAt = conversation.phase === 'active' ? conversation.cursor + 1 : null
    chats.stage(transaction, { ...chat, warning: 'identity-changed', suspect: accountId, warnedAt })
  })
}

/** What could not be followed has been followed, or need not be: by then everybody in the group was listed. */
export const withoutOldWarning = <Chat extends ChatRecord>(chat: Chat, cursor: number): Chat =>
  (chat.warnedAt ?? Number.POSITIVE_INFINITY) <= cursor
    ? { ...chat, warning: null, suspect: null, warnedAt: null }
    : chat

/** From here on nothing is encrypted for this person alone. */
export const warnOfIdentity = (context: AccountContext, accountId: AccountId): Promise<void> =>
  warnChat(context, directChatId(accountId), accountId)

/**
 * The account was deleted: what is here stays, nothing more can be sent to it. Of groups its leaves are put out, as
 * nobody vouches for its devices any more.
 */
export async function markGone(
  { chats, clock, contacts, ledger }: AccountContext,
  accountId: AccountId,
): Promise<void> {
  contacts.markGone(accountId)
  await ledger.transact(transaction => {
    for (const chat of chats.all()) {
      if (!concerns(chat, accountId)) continue
      if (chat.kind === 'direct') {
        if (!chat.peer.gone) chats.stage(transaction, { ...chat, peer: { ...chat.peer, gone: true } })
      } else if (chat.conversation.phase === 'active') {
        const conversation = { ...chat.conversation, sweepDueAt: clock.now() }
        chats.stage(transaction, { ...chat, conversation })
      }
    }
  })
}
