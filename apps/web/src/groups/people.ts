import type { ChatSummary } from '@entangle/client'
import type { AccountId, AccountSummary } from '@entangle/protocol'
import { personName } from '../text/names.ts'

/** Those with whom there is a direct chat, the latest first. */
export function knownPeople(chats: readonly ChatSummary[]): readonly AccountSummary[] {
  return chats.flatMap(chat => {
    if (chat.kind !== 'direct' || chat.standing === 'request') return []
    const { gone, blocked, ...person } = chat.peer
    return gone || blocked || chat.standing === 'blocked' ? [] : [person]
  })
}

/** Those whose name or handle holds the text; the better it fits, the earlier. */
export function matchingPeople(people: readonly AccountSummary[], text: string): readonly AccountSummary[] {
  if (text === '') return people
  return people
    .map(person => ({ person, rank: rankOf(person.handle, person.displayName, text) }))
    .filter(({ rank }) => rank < 3)
    .sort((left, right) => left.rank - right.rank)
    .map(({ person }) => person)
}

/** 0: the very name, 1: begins with the text, 2: holds it, 3: does not. */
export function rankOf(handle: string, displayName: string, text: string): number {
  const name = displayName.toLowerCase()
  if (handle === text) return 0
  if (handle.startsWith(text) || name.startsWith(text)) return 1
  return handle.includes(text) || name.includes(text) ? 2 : 3
}

/** Why somebody cannot be put in, or null. */
export function refusal(
  person: AccountSummary,
  self: AccountSummary,
  present: ReadonlySet<AccountId>,
): string | null {
  if (person.accountId === self.accountId) return 'That is you. You are in already.'
  return present.has(person.accountId) ? `${personName(person)} is in the group already.` : null
}
