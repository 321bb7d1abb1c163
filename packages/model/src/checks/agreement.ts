import type { AccountId } from '@entangle/protocol'
import type { Play } from '../play/play.ts'
import type { View } from './looking.ts'
import { presentIn } from './presence.ts'
import { readableBy } from './timeline.ts'
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

const note = (sides: Map<string, string[]>, opinion: string, who: string) =>
  sides.set(opinion, [...(sides.get(opinion) ?? []), who])

/** Whether this account could read the last change of the group's name, rather than be told of it. */
function couldReadName(play: Play, truth: Truth, accountId: AccountId): boolean {
  const texts = new Set(play.written.map(({ id }) => id))
  const change = truth.log.findLast(({ kind, messageId }) => kind === 'message' && !texts.has(messageId))
  return change === undefined || readableBy(play, truth, accountId)(change)
}

/** Members of a group see the same name, people and roles, and nobody else believes to be in. */
export function checkAgreement(play: Play, truth: Truth, views: readonly View[]): string[] {
  const accounts = accountsIn(truth)
  const breaches: string[] = []
  const opinions = new Map<string, string[]>()
  const names = new Map<string, string[]>()
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
    note(opinions, JSON.stringify(people), actor.name)
    if (couldReadName(play, truth, accountId)) note(names, JSON.stringify([name, topic]), actor.name)
  }
  for (const sides of [opinions, names]) {
    if (sides.size <= 1) continue
    breaches.push([...sides].map(([opinion, who]) => `${who.join(' ')} see ${opinion}`).join('; '))
  }
  return breaches
}
