import { expect, test } from 'vitest'
import type { ChatId } from '../src/api/engine-api.ts'
import { accountOf, isIn, type Listener, lines, newGroup, untilGroup, welcome } from './support/group.ts'
import { alarms, CALM, useRoom } from './support/group-room.ts'
import { newDevice, startMortal } from './support/mortal.ts'
import { PASSWORD, until } from './support/person.ts'

const room = useRoom()

const hears = (person: Listener, chatId: ChatId, text: string) =>
  untilGroup(person, chatId, chat => chat.last?.text === text)

test('P72 managers who commit at the same moment all get what they want', async () => {
  const [ann, bob, cleo, dan, eve, fay] = await room.signUp('ann', 'bob', 'cleo', 'dan', 'eve', 'fay')
  const chatId = await newGroup(ann, 'Rush', [bob, cleo])
  await ann.client.request('setRole', { chatId, accountId: await accountOf(bob), role: 'admin' })
  await untilGroup(bob, chatId, chat => chat.group.role === 'admin')
  const [danId, eveId, fayId] = [await accountOf(dan), await accountOf(eve), await accountOf(fay)]
  const outcomes = await Promise.all([
    ann.client.request('addMembers', { chatId, accountIds: [danId] }),
    bob.client.request('addMembers', { chatId, accountIds: [eveId] }),
    ann.client.request('setRole', { chatId, accountId: await accountOf(cleo), role: 'admin' }),
    bob.client.request('addMembers', { chatId, accountIds: [fayId, danId] }),
  ])
  expect(outcomes.map(outcome => outcome?.missing ?? [])).toEqual([[], [], [], []])
  for (const person of [ann, bob, cleo, dan, eve, fay]) {
    await welcome(person, chatId)
    await untilGroup(person, chatId, chat => chat.group.memberCount === 6)
  }
  await untilGroup(cleo, chatId, chat => chat.group.role === 'admin')
  await eve.say(chatId, 'crowded')
  for (const person of [ann, bob, cleo, dan, fay]) {
    await hears(person, chatId, 'crowded')
    expect(alarms(person)).toEqual([])
  }
})

test('P62 P63 who was away follows a long row of commits, and reads what was said between them', async () => {
  const [ann, bob, cleo] = await room.signUp('busy', 'away', 'inout')
  const cleoId = await accountOf(cleo)
  const chatId = await newGroup(ann, 'Doors', [bob])
  await bob.client.close()
  const said: string[] = []
  for (let round = 0; round < 4; round++) {
    await ann.client.request('addMembers', { chatId, accountIds: [cleoId] })
    await welcome(cleo, chatId)
    said.push(`round ${round}`)
    await ann.say(chatId, `round ${round}`)
    await hears(cleo, chatId, `round ${round}`)
    await ann.client.request('removeMember', { chatId, accountId: cleoId })
    await untilGroup(cleo, chatId, chat => chat.group.phase === 'removed')
  }
  const back = await room.reopen(bob)
  await untilGroup(back, chatId, chat => chat.group.memberCount === 2 && chat.last?.notice !== null)
  await expect
    .poll(async () => (await lines(back, chatId)).filter(line => line.startsWith('round')), {
      timeout: 20_000,
    })
    .toEqual(said)
  await back.say(chatId, 'caught up')
  await hears(ann, chatId, 'caught up')
  expect(alarms(back)).toEqual([])
})

// Since lately it sometimes does not come about in time: to be found out, and not to be forgotten.
test('P61 P72 killed between building a commit and the answer to it: it goes again, unchanged, and once', {
  timeout: 180_000,
}, async () => {
  // A commit of anybody's own accord would be taken for the one that is asked for, or be there before it.
  const [bob, cleo] = await room.signUpWith(CALM, 'joined', 'added')
  const device = newDevice()
  const serverUrl = room.url()
  const first = await startMortal({ serverUrl, device, timing: CALM })
  const handle = `mortal${Math.floor(Math.random() * 1e6)}`
  await first.request('signUp', { handle, displayName: 'Mortal', password: PASSWORD })
  await until(first, 'connection', state => state.phase === 'online')
  const chatId = await first.request('createGroup', { name: 'Fragile', accountIds: [await accountOf(bob)] })
  await welcome(bob, chatId)
  await first.bury()
  for (const [index, when] of (['before', 'after'] as const).entries()) {
    const commits: string[] = []
    let isDown = false
    const dying = await startMortal({
      serverUrl,
      device,
      timing: CALM,
      wrap: transport => ({
        ...transport,
        exchange: async request => {
          if (!request.target.endsWith('/commits')) return transport.exchange(request)
          commits.push(Buffer.from(request.body ?? []).toString('hex'))
          if (when === 'after') await transport.exchange(request)
          isDown = true
          return new Promise(() => undefined)
        },
      }),
    })
    await until(dying, 'connection', state => state.phase === 'online')
    await untilGroup({ client: dying }, chatId, isIn)
    const accountId = await accountOf(cleo)
    const work =
      index === 0
        ? dying.request('addMembers', { chatId, accountIds: [accountId] })
        : dying.request('removeMember', { chatId, accountId })
    work.catch(() => undefined)
    await expect.poll(() => isDown, { timeout: 15_000 }).toBe(true)
    await dying.bury()
    const again: string[] = []
    const back = await startMortal({
      serverUrl,
      device,
      timing: CALM,
      wrap: transport => ({
        ...transport,
        exchange: request => {
          if (request.target.endsWith('/commits')) again.push(Buffer.from(request.body ?? []).toString('hex'))
          return transport.exchange(request)
        },
      }),
    })
    const count = index === 0 ? 3 : 2
    await untilGroup({ client: back }, chatId, chat => chat.group.memberCount === count, 45_000)
    await untilGroup(bob, chatId, chat => chat.group.memberCount === count, 45_000)
    if (when === 'before') expect(again[0]).toBe(commits[0])
    if (index === 0) await welcome(cleo, chatId)
    await back.bury()
  }
  const last = await startMortal({ serverUrl, device, timing: CALM })
  await last.request('sendText', { chatId, text: 'alive' })
  await hears(bob, chatId, 'alive')
  expect((await lines(bob, chatId)).filter(line => line.startsWith('*'))).toEqual([
    '* added 1',
    '* added 1',
    '* removed 1',
  ])
  await last.bury()
})
