import { afterAll, expect, inject, test } from 'vitest'
import { accountOf, isIn, lines, newGroup, untilGroup, welcome } from './support/group.ts'
import { newPerson, openPerson, PASSWORD, type Person, until } from './support/person.ts'

const server = inject('server')
const people: Person[] = []

afterAll(async () => {
  for (const person of people) await person.leave().catch(() => undefined)
})

const QUICK = {
  receiptDelay: 30,
  archiveDelay: 100,
  stateDelay: 30,
  linkTelling: { min: 20, max: 100 },
  selfUpdate: { min: 20, max: 100 },
  headCheck: { min: 300, max: 500 },
}
const NOWHERE = 'http://127.0.0.1:9'
const PNG = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1, 2, 3)

async function signUp(...names: string[]): Promise<Person[]> {
  const joined = await Promise.all(names.map(name => newPerson(server.url, name, QUICK)))
  people.push(...joined)
  await Promise.all(joined.map(person => person.online()))
  return joined
}

async function addDevice(person: Person): Promise<Person> {
  const device = await openPerson({ serverUrl: server.url, handle: person.handle, timing: QUICK })
  people.push(device)
  await device.client.request('signIn', { handle: person.handle, password: PASSWORD })
  return device
}

const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'passed',
    error => error.code,
  )

/** The last lines of somebody's timeline are these. */
const untilLines = (person: Person, chatId: Parameters<Person['rows']>[0], expected: readonly string[]) =>
  expect
    .poll(async () => (await lines(person, chatId)).slice(-expected.length), { timeout: 40_000 })
    .toEqual(expected)

test('P77 name, topic and picture are seen by all, by who is added later and by own new devices, and told once each', async () => {
  const [ann, bob, cleo, dan] = await signUp('ann', 'bob', 'cleo', 'dan')
  if (!ann || !bob || !cleo || !dan) throw new Error('nobody')
  const chatId = await newGroup(ann, 'Choir', [bob, cleo])
  await ann.client.request('editGroup', { chatId, name: ' Quartet ', topic: 'Tuesdays', picture: PNG })
  await ann.say(chatId, 'done')
  const told = ['* renamed Quartet', '* topic-changed Tuesdays', '* picture-changed', 'done']
  for (const person of [ann, bob, cleo]) {
    await untilLines(person, chatId, told)
    const { group } = await untilGroup(person, chatId, isIn)
    expect(group).toMatchObject({ name: 'Quartet', topic: 'Tuesdays', picture: PNG })
  }
  expect((await lines(ann, chatId)).slice(0, 2)).toEqual(['* group-created', '* added 2'])

  await ann.client.request('addMembers', { chatId, accountIds: [await accountOf(dan)] })
  await welcome(dan, chatId)
  const later = await untilGroup(dan, chatId, chat => isIn(chat) && chat.addedBy?.handle === ann.handle)
  expect(later.group).toMatchObject({ name: 'Quartet', topic: 'Tuesdays', picture: PNG, memberCount: 4 })
  await untilLines(bob, chatId, ['done', '* added 1'])

  const tablet = await addDevice(bob)
  const entered = await untilGroup(tablet, chatId, chat => isIn(chat) && chat.group.name === 'Quartet')
  expect(entered.group).toMatchObject({ topic: 'Tuesdays', picture: PNG })
  expect(entered.standing).toBe('accepted')
  await expect.poll(() => lines(tablet, chatId), { timeout: 40_000 }).toEqual(await lines(bob, chatId))

  await ann.client.request('editGroup', { chatId, picture: null, topic: '' })
  for (const person of [bob, tablet, dan]) {
    await untilGroup(person, chatId, ({ group }) => group.picture === null && group.topic === '')
    await untilLines(person, chatId, ['* topic-changed ', '* picture-changed'])
  }
})

test('P77 two managers change name and topic at once: all agree, in one order', async () => {
  const [ann, bob, cleo] = await signUp('ann', 'bob', 'cleo')
  if (!ann || !bob || !cleo) throw new Error('nobody')
  const chatId = await newGroup(ann, 'Choir', [bob, cleo])
  await ann.client.request('setRole', { chatId, accountId: await accountOf(bob), role: 'admin' })
  await untilGroup(bob, chatId, ({ group }) => group.role === 'admin')
  for (let round = 0; round < 4; round++) {
    await Promise.all([
      ann.client.request('editGroup', { chatId, name: `by ann ${round}`, topic: `ann ${round}` }),
      bob.client.request('editGroup', { chatId, name: `by bob ${round}`, topic: `bob ${round}` }),
    ])
  }
  await ann.say(chatId, 'end of ann')
  await bob.say(chatId, 'end of bob')
  const everybody = [ann, bob, cleo]
  const since = async (person: Person) => {
    const all = await lines(person, chatId)
    return all.slice(all.indexOf('* role-changed admin') + 1)
  }
  const kindOf = (line: string) => line.split(' ').slice(0, 2).join(' ')
  for (const person of everybody) {
    await expect
      .poll(async () => (await since(person)).map(kindOf).sort(), { timeout: 60_000 })
      .toEqual([
        ...Array.from({ length: 8 }, () => '* renamed'),
        ...Array.from({ length: 8 }, () => '* topic-changed'),
        'end of',
        'end of',
      ])
    await expect.poll(async () => (await person.rows(chatId)).every(({ seq }) => seq !== null)).toBe(true)
  }
  const seen = await since(ann)
  for (const person of [bob, cleo]) expect(await since(person)).toEqual(seen)
  const states = await Promise.all(everybody.map(person => untilGroup(person, chatId, isIn)))
  expect(new Set(states.map(({ group }) => `${group.name} ${group.topic}`)).size).toBe(1)
})

test('P77 a change by who manages nothing is refused, and ignored by all when it is sent all the same', async () => {
  const [ann, bob, cleo] = await signUp('ann', 'bob', 'cleo')
  if (!ann || !bob || !cleo) throw new Error('nobody')
  const chatId = await newGroup(ann, 'Choir', [bob, cleo])
  const rename = (person: Person, name: string) => person.client.request('editGroup', { chatId, name })
  expect(await codeOf(rename(cleo, 'Mine'))).toBe('ENGINE_GROUP_ROLE')
  expect(await codeOf(rename(ann, ' '))).toBe('ENGINE_GROUP_NAME_INVALID')
  const svg = new TextEncoder().encode('<svg/>')
  expect(await codeOf(ann.client.request('editGroup', { chatId, picture: svg }))).toBe(
    'ENGINE_GROUP_PICTURE_INVALID',
  )
  const accountId = await accountOf(bob)
  await ann.client.request('setRole', { chatId, accountId, role: 'admin' })
  await untilGroup(bob, chatId, ({ group }) => group.role === 'admin')
  // Written while it was allowed, sent when it is not any more.
  const away = await bob.restart(NOWHERE)
  await away.client.request('editGroup', { chatId, name: 'Too late' })
  await ann.client.request('setRole', { chatId, accountId, role: 'member' })
  const back = await away.restart(server.url)
  people.push(back)
  await back.say(chatId, 'after it')
  for (const person of [ann, back, cleo]) {
    await untilLines(person, chatId, ['* role-changed member', 'after it'])
    expect((await untilGroup(person, chatId, isIn)).group.name).toBe('Choir')
  }
})

test('P77 who comes in by a link sees the group as it is, before and after', async () => {
  const [ann, bob, cleo] = await signUp('ann', 'bob', 'cleo')
  if (!ann || !bob || !cleo) throw new Error('nobody')
  const chatId = await newGroup(ann, 'Choir', [bob])
  const { link } = await ann.client.request('createInvite', { chatId })
  expect(await cleo.client.request('readInvite', { link })).toMatchObject({ name: 'Choir', memberCount: 2 })
  await ann.client.request('editGroup', { chatId, name: 'Quartet', topic: 'Tuesdays', picture: PNG })
  await expect
    .poll(() => cleo.client.request('readInvite', { link }), { timeout: 40_000 })
    .toMatchObject({ name: 'Quartet', topic: 'Tuesdays', picture: PNG })
  await cleo.client.request('joinByInvite', { link })
  const { group } = await untilGroup(cleo, chatId, isIn)
  expect(group).toMatchObject({ name: 'Quartet', topic: 'Tuesdays', picture: PNG, memberCount: 3 })
  await ann.client.request('editGroup', { chatId, name: 'Quintet' })
  for (const person of [ann, bob, cleo]) {
    await untilGroup(person, chatId, chat => chat.group.name === 'Quintet')
    await untilLines(person, chatId, ['* joined-by-link', '* renamed Quintet'])
  }
})

test('P77 a change on its way while others are taken in reaches them too', async () => {
  const [ann, bob, ...others] = await signUp('ann', 'bob', 'cleo', 'dan', 'eve')
  if (!ann || !bob) throw new Error('nobody')
  const chatId = await newGroup(ann, 'Choir', [bob])
  await ann.client.request('setRole', { chatId, accountId: await accountOf(bob), role: 'admin' })
  await untilGroup(bob, chatId, ({ group }) => group.role === 'admin')
  for (const [index, other] of others.entries()) {
    const accountIds = [await accountOf(other)]
    const isAdded = ann.client.request('addMembers', { chatId, accountIds })
    for (let turn = 0; turn < 5; turn++) {
      await bob.client.request('editGroup', { chatId, name: `name ${index} ${turn}`, topic: `topic ${turn}` })
    }
    await isAdded
  }
  for (const person of [ann, bob, ...others]) {
    await untilGroup(person, chatId, ({ group }) => group.name === 'name 2 4' && group.topic === 'topic 4')
  }
  expect((await lines(ann, chatId)).filter(line => line.startsWith('* renamed'))).toHaveLength(15)
})

test('P53 who came in by one link can follow who comes in by another', async () => {
  const [ann, bob, cleo] = await signUp('ann', 'bob', 'cleo')
  if (!ann || !bob || !cleo) throw new Error('nobody')
  const chatId = await newGroup(ann, 'Choir', [])
  const one = await ann.client.request('createInvite', { chatId })
  const other = await ann.client.request('createInvite', { chatId })
  await bob.client.request('joinByInvite', { link: one.link })
  await untilGroup(bob, chatId, isIn)
  const linksOf = async (person: Person) => (await person.client.request('listInvites', { chatId })).length
  await expect.poll(() => linksOf(bob), { timeout: 40_000 }).toBe(2)
  await cleo.client.request('joinByInvite', { link: other.link })
  await cleo.say(chatId, 'here I am')
  for (const person of [ann, bob]) await untilLines(person, chatId, ['* joined-by-link', 'here I am'])
  expect(await lines(bob, chatId)).not.toContain('* repaired')
  await ann.client.request('revokeInvite', { chatId, inviteId: one.inviteId })
  for (const person of [ann, bob, cleo]) {
    await untilLines(person, chatId, ['* links-changed 1'])
    expect(await linksOf(person)).toBe(1)
  }
  expect(await codeOf(bob.client.request('readInvite', { link: one.link }))).toBe('ENGINE_INVITE_INVALID')
})

test('P39 a group that was left is forgotten on all devices of the account, and comes back when somebody adds it', async () => {
  const [ann, bob] = await signUp('ann', 'bob')
  if (!ann || !bob) throw new Error('nobody')
  const tablet = await addDevice(bob)
  const chatId = await newGroup(ann, 'Choir', [bob])
  await untilGroup(tablet, chatId, chat => isIn(chat) && chat.standing === 'accepted')
  expect(await codeOf(bob.client.request('forgetGroup', { chatId }))).toBe('ENGINE_GROUP_PRESENT')
  await bob.client.request('leaveGroup', { chatId })
  for (const device of [bob, tablet]) await untilGroup(device, chatId, ({ group }) => group.phase === 'left')
  await bob.client.request('forgetGroup', { chatId })
  for (const device of [bob, tablet]) {
    await until(device.client, 'chats', chats => chats.every(chat => chat.id !== chatId))
    expect(await lines(device, chatId)).toEqual([])
  }
  await untilGroup(ann, chatId, ({ group }) => group.memberCount === 1)
  await ann.client.request('addMembers', { chatId, accountIds: [await accountOf(bob)] })
  await ann.say(chatId, 'once more')
  for (const device of [bob, tablet]) {
    await untilGroup(device, chatId, chat => isIn(chat) && chat.last?.text === 'once more')
    expect(await lines(device, chatId)).toEqual(['* added 1', 'once more'])
  }
})

test('P78 delivered and read when all others have it; typing says who', async () => {
  const [ann, bob, cleo] = await signUp('ann', 'bob', 'cleo')
  if (!ann || !bob || !cleo) throw new Error('nobody')
  const chatId = await newGroup(ann, 'Choir', [bob, cleo])
  const asleep = cleo
  await asleep.client.close()
  await ann.say(chatId, 'anybody?')
  await untilGroup(
    bob,
    chatId,
    chat => chat.last?.text === 'anybody?' && chat.unread === 1 && chat.last.sender?.handle === ann.handle,
  )
  const [row] = (await bob.rows(chatId)).slice(-1)
  const seq = row?.seq ?? 0
  await bob.client.request('markRead', { chatId, seq })
  await bob.client.request('setTyping', { chatId, active: true })
  await untilGroup(ann, chatId, chat => chat.typing.some(({ handle }) => handle === bob.handle))
  expect((await untilGroup(ann, chatId, isIn)).last?.delivery).toBe('sent')
  await bob.client.request('setTyping', { chatId, active: false })
  await untilGroup(ann, chatId, chat => chat.typing.length === 0)
  const awake = await asleep.restart(server.url)
  people.push(awake)
  await untilGroup(ann, chatId, chat => chat.last?.delivery === 'delivered')
  await awake.client.request('markRead', { chatId, seq })
  await untilGroup(ann, chatId, chat => chat.last?.delivery === 'read')
})

test('P39 drafts, read state and standing of a group are the same on all devices of an account', async () => {
  const [ann, bob] = await signUp('ann', 'bob')
  if (!ann || !bob) throw new Error('nobody')
  const chatId = await ann.client.request('createGroup', {
    name: 'Choir',
    accountIds: [await accountOf(bob)],
  })
  await untilGroup(bob, chatId, chat => isIn(chat) && chat.standing === 'request')
  await ann.say(chatId, 'hello')
  await untilGroup(bob, chatId, chat => chat.unread === 1)
  const tablet = await addDevice(bob)
  await untilGroup(tablet, chatId, chat => isIn(chat) && chat.standing === 'request' && chat.unread === 1)
  await bob.client.request('answerRequest', { chatId, answer: 'accept' })
  await untilGroup(tablet, chatId, chat => chat.standing === 'accepted')
  const [row] = (await bob.rows(chatId)).slice(-1)
  await tablet.client.request('markRead', { chatId, seq: row?.seq ?? 0 })
  await untilGroup(bob, chatId, chat => chat.unread === 0)
  await bob.client.request('setDraft', { chatId, text: 'not yet' })
  await untilGroup(tablet, chatId, chat => chat.draft === 'not yet')
})
