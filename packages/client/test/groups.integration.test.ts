import { expect, test } from 'vitest'
import type { ChatId } from '../src/api/engine-api.ts'
import { accountOf, isIn, lines, newGroup, untilGroup, welcome } from './support/group.ts'
import { alarms, codeOf, NOWHERE, useRoom } from './support/group-room.ts'
import type { Person } from './support/person.ts'

const room = useRoom()

const hears = (person: Person, chatId: ChatId, text: string) =>
  untilGroup(person, chatId, chat => chat.last?.text === text)

test('P72 a group of three with two devices each: everybody is in, and all talk', async () => {
  const [ann, bob, cleo] = await room.signUp('ann', 'bob', 'cleo')
  const [ann2, bob2] = await Promise.all([room.addDevice(ann), room.addDevice(bob)])
  await Promise.all([ann2.online(), bob2.online()])
  const chatId = await newGroup(ann, 'Hikers', [bob, cleo])
  const devices = [ann, ann2, bob, bob2, cleo]
  await Promise.all(devices.map(device => welcome(device, chatId)))
  for (const [index, speaker] of devices.entries()) {
    await speaker.say(chatId, `from ${index}`)
    await Promise.all(devices.map(device => hears(device, chatId, `from ${index}`)))
  }
  const said = (await lines(ann, chatId)).filter(line => line.startsWith('from'))
  for (const device of devices) {
    expect((await lines(device, chatId)).filter(line => line.startsWith('from'))).toEqual(said)
    expect(alarms(device)).toEqual([])
  }
  const seen = await untilGroup(bob2, chatId, isIn)
  expect(seen).toMatchObject({ standing: 'accepted', warning: null })
  expect(seen.group).toMatchObject({ name: 'Hikers', memberCount: 3, role: 'member' })
  expect((await untilGroup(ann2, chatId, isIn)).group.role).toBe('owner')
  const members = await cleo.client.request('listMembers', { chatId })
  expect(members.map(({ account, role, self }) => [account.displayName, role, self])).toEqual([
    ['ann', 'owner', false],
    ['bob', 'member', false],
    ['cleo', 'member', true],
  ])
})

test('P72 made without a connection it is there at once, and what was written waits for the others', async () => {
  const [ann, bob] = await room.signUp('maker', 'guest')
  const bobId = await accountOf(bob)
  await ann.client.close()
  const offline = await room.reopen(ann, NOWHERE)
  await accountOf(offline)
  const chatId = await offline.client.request('createGroup', { name: 'Later', accountIds: [bobId] })
  await offline.say(chatId, 'early bird')
  const made = await untilGroup(offline, chatId, chat => chat.last?.text === 'early bird')
  expect(made).toMatchObject({ last: { delivery: 'queued' }, group: { phase: 'creating', name: 'Later' } })
  expect(await codeOf(offline.client.request('addMembers', { chatId, accountIds: [bobId] }))).toBe(
    'ENGINE_OFFLINE',
  )
  await offline.client.close()
  const online = await room.reopen(ann)
  const request = await hears(bob, chatId, 'early bird')
  expect(request.standing).toBe('request')
  await welcome(bob, chatId)
  await bob.say(chatId, 'thanks')
  await hears(online, chatId, 'thanks')
  expect(await lines(online, chatId)).toEqual(['* group-created', '* added 1', 'early bird', 'thanks'])
})

test('P73 roles decide who may do what, here and for everybody else', async () => {
  const [ann, bob, cleo, dan] = await room.signUp('owner', 'admin', 'plain', 'other')
  const [annId, bobId, cleoId, danId] = await Promise.all([ann, bob, cleo, dan].map(accountOf))
  if (!annId || !bobId || !cleoId || !danId) throw new Error('nobody')
  const chatId = await newGroup(ann, 'Board', [bob, cleo])
  const add = (person: Person) => person.client.request('addMembers', { chatId, accountIds: [danId] })
  expect(await codeOf(add(bob))).toBe('ENGINE_GROUP_ROLE')
  const demotion = ann.client.request('setRole', { chatId, accountId: annId, role: 'member' })
  expect(await codeOf(demotion)).toBe('ENGINE_GROUP_LAST_OWNER')
  await ann.client.request('setRole', { chatId, accountId: bobId, role: 'admin' })
  await untilGroup(bob, chatId, chat => chat.group.role === 'admin')
  expect(await add(bob)).toEqual({ missing: [] })
  await welcome(dan, chatId)
  const remove = (accountId: typeof annId) => bob.client.request('removeMember', { chatId, accountId })
  expect(await codeOf(remove(annId))).toBe('ENGINE_GROUP_ROLE')
  await remove(cleoId)
  await untilGroup(cleo, chatId, chat => chat.group.phase === 'removed')
  await untilGroup(ann, chatId, chat => chat.group.memberCount === 3)
  await ann.client.request('setRole', { chatId, accountId: bobId, role: 'owner' })
  await untilGroup(bob, chatId, chat => chat.group.role === 'owner')
  await bob.client.request('setRole', { chatId, accountId: annId, role: 'member' })
  await untilGroup(ann, chatId, chat => chat.group.role === 'member')
  expect((await lines(ann, chatId)).filter(line => line.startsWith('*'))).toEqual([
    '* group-created',
    '* added 2',
    '* role-changed admin',
    '* added 1',
    '* removed 1',
    '* role-changed owner',
    '* role-changed member',
  ])
})

test('P74 who was taken out is told so, reads nothing more, and can be taken in again', async () => {
  const [ann, bob, cleo] = await room.signUp('keeper', 'stays', 'goes')
  const cleo2 = await room.addDevice(cleo)
  await cleo2.online()
  const cleoId = await accountOf(cleo)
  const chatId = await newGroup(ann, 'Crew', [bob, cleo])
  await welcome(cleo2, chatId)
  await ann.say(chatId, 'all here')
  await Promise.all([cleo, cleo2].map(device => hears(device, chatId, 'all here')))
  await ann.client.request('removeMember', { chatId, accountId: cleoId })
  for (const device of [cleo, cleo2]) {
    const over = await untilGroup(device, chatId, chat => chat.group.phase === 'removed')
    expect(over.last?.notice).toEqual({ kind: 'removed', people: [cleoId] })
  }
  await bob.say(chatId, 'without you')
  await hears(ann, chatId, 'without you')
  expect(await codeOf(cleo.say(chatId, 'hello?'))).toBe('ENGINE_GROUP_OVER')
  for (const device of [cleo, cleo2]) {
    expect(await lines(device, chatId)).not.toContain('without you')
    expect(alarms(device)).toEqual([])
  }
  await ann.client.request('addMembers', { chatId, accountIds: [cleoId] })
  await Promise.all([cleo, cleo2].map(device => welcome(device, chatId)))
  await ann.say(chatId, 'welcome back')
  for (const device of [cleo, cleo2]) {
    await hears(device, chatId, 'welcome back')
    const read = await lines(device, chatId)
    expect(read).toContain('all here')
    expect(read).not.toContain('without you')
  }
})
