import type { ChatSummary } from '@entangle/client'
import type { AccountSummary } from '@entangle/protocol'
import { plural } from './counting.ts'

type Named = Pick<AccountSummary, 'displayName' | 'handle'>

export function personName({ displayName, handle }: Named): string {
  return displayName || `@${handle}`
}

/** How a person is called where there is little room: the first word of the name. */
export function shortName(person: Named): string {
  return person.displayName.trim().split(/\s+/u)[0] || `@${person.handle}`
}

/** What a chat is called everywhere. A group whose name has not come yet has none. */
export function chatName(chat: ChatSummary): string {
  return chat.kind === 'direct' ? personName(chat.peer) : chat.group.name || 'Group'
}

/** 'Anna', 'Anna and Ben', 'Anna, Ben and Cleo', 'Anna, Ben and 4 others'. */
export function joinNames(names: readonly string[], most = 4): string {
  const [first = '', second] = names
  if (names.length > most) {
    const shown = names.slice(0, most - 1)
    return `${shown.join(', ')} and ${plural(names.length - shown.length, 'other')}`
  }
  if (second === undefined) return first
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}

/** 'Anna is typing…', 'Anna and Ben are typing…', '3 people are typing…'; null while nobody is. */
export function typingWords(people: readonly Named[], call: (person: Named) => string): string | null {
  if (people.length === 0) return null
  if (people.length > 2) return `${people.length} people are typing…`
  return `${joinNames(people.map(call))} ${people.length === 1 ? 'is' : 'are'} typing…`
}

export function memberCount(count: number): string {
  return plural(count, 'member')
}
