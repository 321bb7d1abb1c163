import type { AccountId } from '@entangle/protocol'
import type { ChatId, ChatSummary, GroupSummary, Notice, TimelineRow } from '../../src/api/engine-api.ts'
import { type Person, until } from './person.ts'

export const accountOf = async (person: Person): Promise<AccountId> => (await person.accountId()) as AccountId

/** Whoever has chats: a person, or an engine alone. */
export type Listener = { readonly client: Parameters<typeof until>[0] }

export async function untilGroup(
  person: Listener,
  chatId: ChatId,
  holds: (chat: GroupSummary) => boolean,
  timeoutMs?: number,
): Promise<GroupSummary> {
  const isIt = (chat: ChatSummary): chat is GroupSummary =>
    chat.kind === 'group' && chat.id === chatId && holds(chat)
  const chats = await until(person.client, 'chats', all => all.some(isIt), timeoutMs)
  const chat = chats.find(isIt)
  if (chat === undefined) throw new Error('no group')
  return chat
}

export const isIn = ({ group }: GroupSummary): boolean => group.phase === 'active'

/** A group that everybody is in and has accepted. */
export async function newGroup(founder: Person, name: string, others: readonly Person[]): Promise<ChatId> {
  const accountIds = await Promise.all(others.map(accountOf))
  const chatId = await founder.client.request('createGroup', { name, accountIds })
  await untilGroup(founder, chatId, chat => isIn(chat) && chat.group.memberCount === others.length + 1)
  await Promise.all(others.map(other => welcome(other, chatId)))
  return chatId
}

/** Waits until somebody is in, and lets them accept. */
export async function welcome(person: Person, chatId: ChatId): Promise<void> {
  const chat = await untilGroup(person, chatId, isIn)
  if (chat.standing === 'request') await person.client.request('answerRequest', { chatId, answer: 'accept' })
}

const detailOf = (notice: Notice): string => {
  switch (notice.kind) {
    case 'renamed':
      return ` ${notice.name}`
    case 'topic-changed':
      return ` ${notice.topic}`
    case 'role-changed':
      return ` ${notice.role}`
    case 'links-changed':
      return ` ${notice.open}`
    case 'added':
    case 'removed':
      return ` ${notice.people.length}`
    default:
      return ''
  }
}

/** What a timeline says, as one line each. */
export const linesOf = (rows: readonly TimelineRow[]): string[] =>
  rows.map(({ content }) => {
    if (content.kind === 'text') return content.text
    return content.kind === 'notice'
      ? `* ${content.notice.kind}${detailOf(content.notice)}`
      : `? ${content.kind}`
  })

export const lines = async (person: Person, chatId: ChatId): Promise<string[]> =>
  linesOf(await person.rows(chatId))
