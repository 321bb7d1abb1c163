import type { TimelineContent, TimelineRow } from '@entangle/client'
import { noticeWords } from '../groups/notice-text.ts'
import { personName } from '../text/names.ts'
import type { People } from './use-people.ts'

export const PENDING_WORDS = {
  waiting: 'Waiting for this message…',
  repairing: 'Repairing this message…',
  lost: 'This message could not be recovered on this device. Ask for it to be sent again.',
} as const
export const UNSUPPORTED_WORDS = 'This message needs a newer version of Entangle. It is kept for you.'

type MessageContent = Exclude<TimelineContent, { kind: 'notice' }>

/** What a message says, or what is said in its place. */
export function contentWords(content: MessageContent): string {
  switch (content.kind) {
    case 'text':
      return content.text
    case 'pending':
      return PENDING_WORDS[content.state]
    case 'unsupported':
      return UNSUPPORTED_WORDS
  }
}

export function nameIn(people: People, row: Pick<TimelineRow, 'sender'>): string {
  const sender = people.find(row.sender)
  return sender === undefined ? 'Somebody' : personName(sender)
}

/** The sentence of a notice row; empty for any other. */
export function noticeRowWords(row: TimelineRow, people: People): string {
  if (row.content.kind !== 'notice') return ''
  return noticeWords(row.content.notice, {
    actor: row.own ? null : nameIn(people, row),
    actorId: row.sender,
    self: people.self,
    nameOf: person => {
      const known = people.find(person)
      return known === undefined ? undefined : personName(known)
    },
  })
}

/** A new row as it is read out. */
export function spokenRow(row: TimelineRow, people: People): string {
  if (row.content.kind === 'notice') return noticeRowWords(row, people)
  return `${nameIn(people, row)}: ${contentWords(row.content)}`
}
