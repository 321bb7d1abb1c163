import { expect, test } from 'vitest'
import type { ChatId } from '../src/api/engine-api.ts'
import { isIn, lines, newGroup, untilGroup, welcome } from './support/group.ts'
import { alarms, codeOf, useRoom } from './support/group-room.ts'
import { PASSWORD, type Person } from './support/person.ts'

const room = useRoom()

const hears = (person: Person, chatId: ChatId, text: string) =>
  untilGroup(person, chatId, chat => chat.last?.text === text)

test('P76 a link lets in who holds it, on all their devices, until it is revoked', async () => {
  const [ann, bob, cleo, dan] = await room.signUp('ann', 'bob', 'cleo', 'dan')
  const bob2 = await room.addDevice(bob)
  await bob2.online()
  const chatId = await newGroup(ann, 'Open house', [bob])
  await welcome(bob2, chatId)
  const { link, inviteId } = await ann.client.request('createInvite', { chatId })
  expect(link.startsWith(`${room.url()}/join#`)).toBe(true)
  expect(await ann.client.request('listInvites', { chatId })).toEqual([{ inviteId, link }])
  expect(await codeOf(bob.client.request('createInvite', { chatId }))).toBe('ENGINE_GROUP_ROLE')

  const preview = await cleo.client.request('readInvite', { link })
  expect(preview).toMatchObject({ name: 'Open house', memberCount: 2, chatId: null })
  expect(preview.invitedBy?.handle).toBe(ann.handle)
  const cleo2 = await room.addDevice(cleo)
  await cleo2.online()
  expect(await cleo.client.request('joinByInvite', { link })).toBe(chatId)
  for (const device of [cleo, cleo2]) {
    expect((await untilGroup(device, chatId, isIn)).standing).toBe('accepted')
  }
  await cleo.say(chatId, 'let me in')
  for (const device of [ann, bob, bob2, cleo2]) await hears(device, chatId, 'let me in')
  const members = await cleo.client.request('listMembers', { chatId })
  expect(members.find(({ role }) => role === 'owner')?.basis).toBe('verified')
  expect((await cleo.client.request('readInvite', { link })).chatId).toBe(chatId)
  expect((await lines(bob, chatId)).filter(line => line.startsWith('*'))).toEqual([
    '* added 1',
    '* links-changed 1',
    '* joined-by-link',
  ])

  await ann.client.request('revokeInvite', { chatId, inviteId })
  expect(await ann.client.request('listInvites', { chatId })).toEqual([])
  expect(await codeOf(dan.client.request('readInvite', { link }))).toBe('ENGINE_INVITE_INVALID')
  expect(await codeOf(dan.client.request('joinByInvite', { link }))).toBe('ENGINE_INVITE_INVALID')
  expect(await codeOf(dan.client.request('joinByInvite', { link: 'nonsense' }))).toBe('ENGINE_INVITE_INVALID')
  for (const device of [ann, bob, bob2, cleo, cleo2]) expect(alarms(device)).toEqual([])
})

test('P76 a stolen device takes the secrets of links with it: they end, and new ones are made', async () => {
  const [ann, bob, cleo] = await room.signUp('ann', 'robbed', 'guest')
  const stolen = await room.addDevice(bob)
  await stolen.online()
  const chatId = await newGroup(ann, 'Side door', [bob])
  await welcome(stolen, chatId)
  const { link } = await ann.client.request('createInvite', { chatId })
  await untilGroup(stolen, chatId, chat => chat.last?.notice?.kind === 'links-changed')
  const devices = await bob.client.request('listDevices', {})
  const deviceId = devices.find(({ current }) => !current)?.deviceId
  if (deviceId === undefined) throw new Error('no other device')
  await bob.client.request('removeDevice', { deviceId, password: PASSWORD, stolen: true })
  await expect
    .poll(() => codeOf(cleo.client.request('readInvite', { link })), { timeout: 20_000 })
    .toBe('ENGINE_INVITE_INVALID')
  expect(await codeOf(cleo.client.request('joinByInvite', { link }))).toBe('ENGINE_INVITE_INVALID')
  expect(await ann.client.request('listInvites', { chatId })).toEqual([])
  const next = await ann.client.request('createInvite', { chatId })
  expect(await cleo.client.request('joinByInvite', { link: next.link })).toBe(chatId)
  await cleo.say(chatId, 'by the new one')
  for (const device of [ann, bob]) await hears(device, chatId, 'by the new one')
  for (const device of [ann, bob, cleo]) expect(alarms(device)).toEqual([])
})

test('P76 whoever lacks the secret of a link comes in anew, and the timeline says so', async () => {
  const [host, bob, cleo] = await room.signUp('host', 'lacking', 'visitor')
  await host.client.close()
  // What the link could not tell is told too late.
  const never = { min: 600_000, max: 600_000 }
  const ann = await room.reopen(host, undefined, { linkTelling: never })
  await ann.online()
  const chatId = await newGroup(ann, 'Two doors', [])
  const first = await ann.client.request('createInvite', { chatId })
  const second = await ann.client.request('createInvite', { chatId })
  // By one link nobody learns the secret of another.
  await bob.client.request('joinByInvite', { link: first.link })
  await untilGroup(bob, chatId, isIn)
  await cleo.client.request('joinByInvite', { link: second.link })
  await untilGroup(cleo, chatId, isIn)
  await untilGroup(bob, chatId, chat => isIn(chat) && chat.group.memberCount === 3)
  await cleo.say(chatId, 'through the other door')
  for (const person of [ann, bob]) await hears(person, chatId, 'through the other door')
  expect(await lines(bob, chatId)).toContain('* repaired')
  expect(await lines(ann, chatId)).not.toContain('* repaired')
  await bob.say(chatId, 'I see you')
  await hears(cleo, chatId, 'I see you')
})

test('P76 several come in by one link at the same moment', async () => {
  const [ann, bob, cleo, dan] = await room.signUp('gate', 'one', 'two', 'three')
  const chatId = await newGroup(ann, 'Rush hour', [])
  const { link } = await ann.client.request('createInvite', { chatId })
  await Promise.all([bob, cleo, dan].map(person => person.client.request('joinByInvite', { link })))
  for (const person of [ann, bob, cleo, dan]) {
    await untilGroup(person, chatId, chat => chat.group.memberCount === 4)
  }
  await dan.say(chatId, 'hello all')
  for (const person of [ann, bob, cleo]) await hears(person, chatId, 'hello all')
})
