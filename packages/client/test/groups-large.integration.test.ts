import type { AccountId } from '@entangle/protocol'
import { expect, test } from 'vitest'
import { CHECKED_AT_ONCE } from '../src/groups/membership.ts'
import { accountOf, isIn, untilGroup, welcome } from './support/group.ts'
import { alarms, useRoom } from './support/group-room.ts'
import { newPerson } from './support/person.ts'

const room = useRoom()

/** Somebody who was here once and left key packages behind. */
async function absentee(index: number): Promise<AccountId> {
  const person = await newPerson(room.url(), `extra${index}x`)
  await person.online()
  const accountId = await accountOf(person)
  await expect.poll(async () => person.notes.filter(note => note.includes('KEY_PACKAGES'))).toEqual([])
  await new Promise(resolve => setTimeout(resolve, 1_500))
  await person.leave()
  return accountId
}

test('P75 in a large group the members are checked after coming in, and nothing is sent before', async () => {
  const [ann, bob] = await room.signUp('ann', 'bob')
  const others: AccountId[] = []
  while (others.length <= CHECKED_AT_ONCE) {
    others.push(...(await Promise.all(Array.from({ length: 11 }, (_, index) => absentee(index)))))
  }
  const chatId = await ann.client.request('createGroup', {
    name: 'Crowd',
    accountIds: [...others, await accountOf(bob)],
  })
  const phases = new Set<string>()
  const stop = bob.client.on('chats', chats => {
    for (const chat of chats) if (chat.kind === 'group') phases.add(chat.group.phase)
  })
  await untilGroup(ann, chatId, chat => chat.group.memberCount === others.length + 2, 60_000)
  await welcome(bob, chatId)
  await untilGroup(bob, chatId, isIn, 60_000)
  stop()
  expect([...phases]).toContain('checking')
  await bob.say(chatId, 'so many')
  await untilGroup(ann, chatId, chat => chat.last?.text === 'so many')
  const members = await bob.client.request('listMembers', { chatId })
  expect(members).toHaveLength(others.length + 2)
  expect(members.every(({ basis }) => basis !== null)).toBe(true)
  expect([...alarms(ann), ...alarms(bob)]).toEqual([])
}, 400_000)
