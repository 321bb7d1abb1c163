import type { AccountId, AccountSummary } from '@entangle/protocol'
import type { PeopleBook } from '../people/people-book.ts'
import type { ChatRecord } from './chat-record.ts'

/** Somebody as a chat names them: as the directory says, else as the chat has kept it. */
export function nameIn(
  chat: ChatRecord,
  accountId: AccountId,
  people: Pick<PeopleBook, 'describe' | 'get'>,
): AccountSummary {
  const described = people.describe(accountId)
  if (chat.kind === 'group' || chat.peer.accountId !== accountId) return described
  const known = people.get(accountId)
  if (known !== undefined && !known.gone) return described
  const { handle, displayName } = chat.peer
  return { accountId, handle, displayName }
}
