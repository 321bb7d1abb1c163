import type { Notice } from '@entangle/client'
import type { AccountId } from '@entangle/protocol'
import { plural } from '../text/counting.ts'
import { joinNames } from '../text/names.ts'

export type NoticeView = {
  /** Who did it, as the reader calls them; null for the reader. */
  readonly actor: string | null
  readonly actorId: AccountId | null
  readonly self: AccountId
  /** Undefined for somebody whose name is not known here. */
  readonly nameOf: (person: AccountId) => string | undefined
}

const ROLES = { owner: 'an owner', admin: 'an admin', member: 'an ordinary member' } as const

/** A notice as one sentence, told from the reader's side. */
export function noticeWords(notice: Notice, view: NoticeView): string {
  const who = view.actor ?? 'You'
  switch (notice.kind) {
    case 'group-created':
      return `${who} created the group`
    case 'added':
      return `${who} added ${peopleWords(notice.people, view)}`
    case 'removed':
      return `${who} removed ${peopleWords(notice.people, view)}`
    case 'left':
      return `${who} left`
    case 'joined-by-link':
      return `${who} came in by an invite link`
    case 'renamed':
      return `${who} changed the name to “${notice.name}”`
    case 'topic-changed':
      return notice.topic === ''
        ? `${who} removed the topic`
        : `${who} changed the topic to “${notice.topic}”`
    case 'picture-changed':
      return `${who} ${notice.removed ? 'removed' : 'changed'} the picture`
    case 'role-changed':
      return roleWords(notice, who, view)
    case 'links-changed':
      return `${who} changed the invite links: ${openLinks(notice.open)}`
    case 'repaired':
      return 'Repaired. Some messages may be missing on this device.'
    case 'identity-changed':
      return identityWords(notice, view)
  }
}

function roleWords(
  { person, role }: Extract<Notice, { kind: 'role-changed' }>,
  who: string,
  view: NoticeView,
): string {
  if (person === view.actorId && role === 'member') return `${who} stepped down`
  return `${who} made ${personWords(person, view)} ${ROLES[role]}`
}

/** A change that the identity before has signed is told more quietly than one that only a person has accepted. */
function identityWords(
  { person, signed }: Extract<Notice, { kind: 'identity-changed' }>,
  view: NoticeView,
): string {
  const name = personWords(person, view)
  if (signed) return `The safety number with ${name} has changed`
  return `${capital(name)} has a new identity. Compare the safety number to be certain who it is.`
}

const capital = (words: string): string => words.charAt(0).toLocaleUpperCase() + words.slice(1)

function openLinks(open: number): string {
  if (open === 0) return 'none is open'
  return open === 1 ? '1 is open' : `${open} are open`
}

function personWords(person: AccountId, view: NoticeView): string {
  return person === view.self ? 'you' : (view.nameOf(person) ?? 'somebody')
}

/** The reader first, then the others; only their number where names are missing. */
function peopleWords(people: readonly AccountId[], view: NoticeView): string {
  const others = people.filter(person => person !== view.self)
  const you = others.length < people.length ? ['you'] : []
  const names = others.map(view.nameOf)
  if (names.some(name => name === undefined)) {
    return joinNames([...you, others.length === 1 ? 'somebody' : plural(others.length, 'person', 'people')])
  }
  return joinNames([...you, ...names.map(name => name ?? '')])
}
