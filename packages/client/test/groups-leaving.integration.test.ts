import { openHostileServer, Refusal } from '@entangle/testkit/hostile'
import { expect, test } from 'vitest'
import type { ChatId } from '../src/api/engine-api.ts'
import { accountOf, isIn, lines, newGroup, untilGroup, welcome } from './support/group.ts'
import { alarms, CALM, codeOf, useRoom } from './support/group-room.ts'
import { PASSWORD, type Person, until } from './support/person.ts'

const room = useRoom()

const hears = (person: Person, chatId: ChatId, text: string) =>
  untilGroup(person, chatId, chat => chat.last?.text === text)

test('P74 who leaves is out on all devices, and the others put the leaves out', async () => {
  const [ann, bob, cleo] = await room.signUp('ann', 'bob', 'cleo')
  const bob2 = await room.addDevice(bob)
  await bob2.online()
  const chatId = await newGroup(ann, 'Band', [bob, cleo])
  await welcome(bob2, chatId)
  await bob.client.request('leaveGroup', { chatId })
  for (const device of [bob, bob2]) {
    const over = await untilGroup(device, chatId, chat => chat.group.phase === 'left')
    expect(over.last).toMatchObject({ notice: { kind: 'left' }, own: true })
  }
  for (const person of [ann, cleo]) await untilGroup(person, chatId, chat => chat.group.memberCount === 2)
  await ann.say(chatId, 'just us')
  await hears(cleo, chatId, 'just us')
  for (const device of [bob, bob2]) {
    expect(await lines(device, chatId)).not.toContain('just us')
    expect(await codeOf(device.client.request('leaveGroup', { chatId }))).toBe('ENGINE_GROUP_OVER')
    expect(alarms(device)).toEqual([])
  }
  expect(await lines(cleo, chatId)).toContain('* left')
  expect(await lines(cleo, chatId)).not.toContain('* removed 1')
  await bob.client.request('forgetGroup', { chatId })
})

test('P74 a founder who leaves while the others are away is taken out by whoever comes first', async () => {
  const [ann, bob, cleo] = await room.signUp('founder', 'second', 'third')
  const chatId = await newGroup(ann, 'Empty nest', [bob, cleo])
  await Promise.all([bob.client.close(), cleo.client.close()])
  await ann.client.request('leaveGroup', { chatId })
  await untilGroup(ann, chatId, chat => chat.group.phase === 'left')
  const [bob1, cleo1] = await Promise.all([room.reopen(bob), room.reopen(cleo)])
  for (const person of [bob1, cleo1]) {
    // Nobody is left who was more than a member: everybody stands in.
    await untilGroup(person, chatId, chat => chat.group.memberCount === 2 && chat.group.role === 'owner')
  }
  await bob1.client.request('setRole', { chatId, accountId: await accountOf(cleo1), role: 'admin' })
  await untilGroup(bob1, chatId, chat => chat.group.role === 'owner')
  await untilGroup(cleo1, chatId, chat => chat.group.role === 'admin')
  await cleo1.say(chatId, 'we go on')
  await hears(bob1, chatId, 'we go on')
  expect([...alarms(bob1), ...alarms(cleo1)]).toEqual([])
})

test('P74 a device that comes in before the leaver is taken out: a plain member commits a Remove, and it follows', async () => {
  const later = (ms: number) => ({ leaverSweep: { min: ms, max: ms } })
  const [ann, bob, cleo] = await room.signUp('leaver', 'slow1', 'slow2')
  const chatId = await newGroup(ann, 'Overtaken', [bob, cleo])
  await ann.say(chatId, 'the end')
  await Promise.all([bob, cleo].map(person => hears(person, chatId, 'the end')))
  await Promise.all([bob.client.close(), cleo.client.close()])
  const bob1 = await room.reopen(bob, undefined, later(90_000))
  const cleo1 = await room.reopen(cleo, undefined, later(20_000))
  await Promise.all([bob1, cleo1].map(person => person.online()))
  await ann.client.request('leaveGroup', { chatId })
  await untilGroup(cleo1, chatId, chat => chat.last?.notice?.kind === 'left')
  const bob2 = await room.addDevice(bob1, later(90_000))
  // Who leaves may still have a leaf; the new device does not know that they leave.
  expect((await untilGroup(bob2, chatId, isIn)).group.memberCount).toBeGreaterThanOrEqual(2)
  for (const device of [cleo1, bob1, bob2]) {
    await untilGroup(device, chatId, chat => chat.group.memberCount === 2, 40_000)
  }
  await bob2.say(chatId, 'only two')
  await Promise.all([cleo1, bob1].map(device => hears(device, chatId, 'only two')))
  for (const device of [cleo1, bob1, bob2]) {
    expect(alarms(device)).toEqual([])
    expect((await untilGroup(device, chatId, isIn)).warning).toBeNull()
  }
}, 90_000)

/** A group that its founder leaves: the other member knows and takes nobody out, and there is a link. */
async function leftToOne(ann: Person, bob: Person) {
  const chatId = await newGroup(ann, 'Night bus', [bob])
  const { link } = await ann.client.request('createInvite', { chatId })
  await untilGroup(bob, chatId, chat => chat.last?.notice?.kind === 'links-changed')
  await bob.client.close()
  const knowing = await room.reopen(bob, undefined, { leaverSweep: { min: 90_000, max: 90_000 } })
  await knowing.online()
  await ann.client.request('leaveGroup', { chatId })
  await untilGroup(knowing, chatId, chat => chat.last?.notice?.kind === 'left')
  return { chatId, link, knowing }
}

test('P52 P74 the last who knows that somebody left takes them out before leaving too', async () => {
  // A new leaf key of theirs would take out who leaves before anybody else comes in.
  const [ann, bob, cleo] = await room.signUpWith(CALM, 'first-out', 'last-to-know', 'newcomer')
  const { chatId, link, knowing } = await leftToOne(ann, bob)
  await cleo.client.request('joinByInvite', { link })
  await untilGroup(knowing, chatId, chat => chat.group.memberCount === 3)
  await knowing.client.request('leaveGroup', { chatId })
  await untilGroup(cleo, chatId, chat => chat.group.memberCount === 1 && chat.group.role === 'owner')
  await cleo.client.request('createInvite', { chatId })
  expect(alarms(cleo)).toEqual([])
}, 60_000)

test('P74 nobody is left who knows that somebody left: who came in since takes the word of the server for it', async () => {
  const [ann, bob, cleo, dan] = await room.signUpWith(CALM, 'left', 'knew', 'came-since', 'came-too')
  const { chatId, link, knowing } = await leftToOne(ann, bob)
  await cleo.client.request('joinByInvite', { link })
  await dan.client.request('joinByInvite', { link })
  await untilGroup(cleo, chatId, chat => chat.group.memberCount === 4)
  await knowing.client.request('deleteAccount', { password: PASSWORD })
  for (const person of [cleo, dan]) {
    await untilGroup(person, chatId, chat => chat.group.memberCount === 2 && chat.group.role === 'owner')
  }
  await dan.say(chatId, 'land in sight')
  await hears(cleo, chatId, 'land in sight')
  expect([...alarms(cleo), ...alarms(dan)]).toEqual([])
}, 60_000)

test('P75 a stranger takes one into a group: it is a request, and refusing it is leaving', async () => {
  const [ann, bob] = await room.signUp('stranger', 'target')
  const chatId = await ann.client.request('createGroup', {
    name: 'Offers',
    accountIds: [await accountOf(bob)],
  })
  const request = await untilGroup(bob, chatId, isIn)
  expect(request.standing).toBe('request')
  await bob.client.request('answerRequest', { chatId, answer: 'refuse' })
  await untilGroup(ann, chatId, chat => chat.group.memberCount === 1)
  expect(await lines(ann, chatId)).toEqual(['* group-created', '* added 1', '* left'])
})

test('P75 a device that ends while it refuses a group does not show it as one that was left', async () => {
  const [ann, first] = await room.signUp('insistent', 'unwilling')
  // Once the server knows, this device hears of nothing any more.
  const between = await openHostileServer(room.url())
  try {
    await first.client.close()
    const bob = await room.reopen(first, between.url)
    const accountIds = [await accountOf(bob)]
    const chatId = await ann.client.request('createGroup', { name: 'Offers', accountIds })
    await untilGroup(bob, chatId, isIn)
    let isDeaf = false
    between.lie({
      answers: {
        leaveConversation: async (_, truth) => {
          isDeaf = true
          await truth()
          throw new Refusal(503, 'SERVER_UNAVAILABLE')
        },
        readEvents: () => {
          throw new Refusal(503, 'SERVER_UNAVAILABLE')
        },
      },
      tells: told => (isDeaf ? [] : [told]),
    })
    const refusing = bob.client.request('answerRequest', { chatId, answer: 'refuse' }).catch(() => undefined)
    await untilGroup(ann, chatId, chat => chat.group.memberCount === 1)
    await bob.client.close()
    await refusing
    const later = await room.reopen(bob)
    await later.online()
    await until(later.client, 'chats', chats => chats.every(({ id }) => id !== chatId))
  } finally {
    await between.close()
  }
})
