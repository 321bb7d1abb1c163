import type { ChatId, ChatSummary } from '@entangle/client'

/** What stands in the list: a chat in which nothing was written shows only while it is open or has a draft. */
export function listedChats(chats: readonly ChatSummary[], current: ChatId | null): readonly ChatSummary[] {
  return chats.filter(
    chat =>
      chat.standing !== 'request' &&
      (chat.standing !== 'new' || chat.last !== null || chat.draft !== '' || chat.id === current),
  )
}

export function requestChats(chats: readonly ChatSummary[]): readonly ChatSummary[] {
  return chats.filter(chat => chat.standing === 'request')
}
