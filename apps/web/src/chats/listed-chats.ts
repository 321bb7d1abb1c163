import type { ChatId, ChatSummary } from '@entangle/client'
import { rankOf } from '../groups/people.ts'
import { chatName } from '../text/names.ts'

/** What stands in the list: a chat in which nothing was written shows only while it is open or has a draft. */
export function listedChats(chats: readonly ChatSummary[], current: ChatId | null): readonly ChatSummary[] {
  return chats.filter(
    chat =>
      chat.standing !== 'request' &&
      (chat.kind === 'group' ||
        chat.standing !== 'new' ||
        chat.last !== null ||
        chat.draft !== '' ||
        chat.id === current),
  )
}

export function requestChats(chats: readonly ChatSummary[]): readonly ChatSummary[] {
  return chats.filter(chat => chat.standing === 'request')
}

/** True while a new device is on its way into the account's groups. */
export function isArriving(chats: readonly ChatSummary[]): boolean {
  return chats.some(chat => chat.kind === 'group' && chat.group.phase === 'joining')
}

/** Listed chats whose name holds the text; the better it fits, the earlier. */
export function matchingChats(chats: readonly ChatSummary[], text: string): readonly ChatSummary[] {
  const listed = listedChats(chats, null)
  if (text === '') return listed
  return listed
    .map(chat => ({
      chat,
      rank: rankOf(chat.kind === 'direct' ? chat.peer.handle : '', chatName(chat), text),
    }))
    .filter(({ rank }) => rank < 3)
    .sort((left, right) => left.rank - right.rank)
    .map(({ chat }) => chat)
}
