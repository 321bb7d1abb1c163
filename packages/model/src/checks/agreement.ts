import type { Play } from '../play/play.ts'
import type { View } from './looking.ts'
import { presentIn } from './presence.ts'
import { accountsIn, chatIdOf, type Truth } from './truth.ts'

/** What a device has promised to send, and is still there to send, is in the log or is told to have failed. */
export function checkPromises(play: Play, truths: readonly Truth[], views: readonly View[]): string[] {
  const placed = new Set(truths.flatMap(({ log }) => log.map(({ messageId }) => messageId)))
  const failed = new Set(
    views.flatMap(({ rows }) =>
      rows.filter(row => row.delivery === 'failed').map(row => row.messageId as string),
    ),
  )
  const isThere = new Set(presentIn(play).map(({ actor }) => actor))
  return play.written
    .filter(({ id, isPromised, author }) => {
      return isPromised && !author.isSuspect && isThere.has(author) && !placed.has(id) && !failed.has(id)
    })
    .map(({ text }) => `${text} was promised and is not in the log`)
}

/** Members of a group see the same name, people and roles, and nobody else believes to be in. */
export function checkAgreement(play: Play, truth: Truth, views: readonly View[]): string[] {
  const accounts = accountsIn(truth)
  const breaches: string[] = []
  const opinions = new Map<string, string[]>()
  for (const { actor, life } of presentIn(play)) {
    const { accountId } = actor.person
    const isMember = accounts.has(accountId)
    const chat = life.chats().find(({ id }) => id === chatIdOf(truth, accountId))
    if (chat === undefined) {
      if (isMember) breaches.push(`${actor.name} does not show ${truth.kind} ${truth.conversationId}`)
      continue
    }
    if (chat.kind === 'direct') continue
    const { name, topic, memberCount, phase } = chat.group
    if (!isMember) {
      if (phase !== 'left' && phase !== 'removed') breaches.push(`${actor.name} is out and sees ${phase}`)
      continue
    }
    if (phase !== 'active') breaches.push(`${actor.name} sees ${phase}`)
    if (memberCount !== accounts.size) {
      breaches.push(`${actor.name} counts ${String(memberCount)} of ${String(accounts.size)} members`)
    }
    const people = views
      .find(({ present, chatId }) => present.actor === actor && chatId === chat.id)
      ?.members.map(({ account, role }) => `${account.handle} ${role}`)
    const opinion = JSON.stringify([name, topic, people])
    opinions.set(opinion, [...(opinions.get(opinion) ?? []), actor.name])
  }
  if (opinions.size > 1) {
    breaches.push([...opinions].map(([opinion, names]) => `${names.join(' ')} see ${opinion}`).join('; '))
  }
  return breaches
}
