import { type ConversationId, encodeGroupData, idToBytes } from '@entangle/protocol'
import { expect, test } from 'vitest'
import { refusalOf } from './support/api.ts'
import {
  accountsIn,
  change,
  claimAll,
  epochOf,
  follow,
  makeChange,
  makeManagedGroup,
  managed,
  SNAPSHOT,
  signUpWithPackages,
} from './support/group.ts'
import { Person, randomId } from './support/person.ts'
import { useServer } from './support/server.ts'
import { Socket } from './support/socket.ts'

const server = useServer({ RATE_LIMITS: 'off-for-benchmarks' })
const url = () => server().url
const body = (text: string) => new TextEncoder().encode(text)

test('P51 a group is registered by an owner, alone or with others, and its head names nobody', async () => {
  const [ann, ben] = [await signUpWithPackages(url()), await signUpWithPackages(url())]
  const alone = ann.makeGroup([], managed([ann]))
  const head = await ann.api.call('createConversation', { ...alone, kind: 'group' })
  expect(head).toMatchObject({ kind: 'group', members: [], joined: true, epoch: 1, lastSeq: 0 })
  expect(await ann.api.call('createConversation', { ...alone, kind: 'group' })).toEqual(head)

  const create = async (data: Parameters<typeof ann.makeGroup>[1], kind: 'group' | 'direct' = 'group') => {
    const group = ann.makeGroup(await ann.claim(ben), data)
    return refusalOf(ann.api.call('createConversation', { ...group, kind }))
  }
  const invalid = 'CHAT_COMMIT_INVALID'
  expect(await create(managed([ann]), 'direct')).toBe(invalid)
  expect(await create({ kind: 'direct' })).toBe(invalid)
  expect(await create(managed([ben]))).toBe(invalid)
  expect(await create(managed([]))).toBe(invalid)
  const stranger = await Person.signUp(url())
  expect(await create(managed([ann], [stranger]))).toBe(invalid)
  // No direct conversation stands in the way of a group of two, nor the other way round.
  await ben.publishKeyPackages(2)
  const group = ann.makeGroup(await ann.claim(ben), managed([ann]))
  await ann.api.call('createConversation', { ...group, kind: 'group' })
  expect((await ann.startDirect(ben)).kind).toBe('direct')
}, 60_000)

test('P51 group data that does not parse is no group', async () => {
  const ann = await Person.signUp(url())
  const conversationId = randomId<ConversationId>()
  const groupId = idToBytes(conversationId)
  const { state, signatureKey, credential } = ann.device
  const groupData = encodeGroupData(managed([ann])).slice(0, -1)
  state.createGroup({ groupId, signatureKey, credential, groupData })
  const { groupInfo, ratchetTree } = state.commit(groupId, {})
  const head = { conversationId, kind: 'group' as const, groupInfo, ratchetTree, welcomes: [] }
  expect(await refusalOf(ann.api.call('createConversation', head))).toBe('CHAT_COMMIT_INVALID')
})

test('P51 owners and admins do what their role allows, and nobody more', async () => {
  const { owner, people, conversationId } = await makeManagedGroup(url(), 3)
  const [admin, member, target] = people
  const eve = await signUpWithPackages(url())
  if (!admin || !member || !target) throw new Error('too few')
  const refused = async (person: Person, what: Parameters<typeof change>[2]) =>
    expect(await refusalOf(change(person, conversationId, what))).toBe('CHAT_ROLE_REQUIRED')

  await refused(member, { add: await claimAll(member, [eve]) })
  await refused(member, { remove: [target.device.deviceId] })
  await refused(member, { data: managed([owner, member]) })
  await refused(member, { data: managed([owner], [], [randomId()]) })
  await change(owner, conversationId, { data: managed([owner], [admin]) })
  const all = [owner, admin, member, target]
  const step = async (person: Person, what: Parameters<typeof change>[2]) => {
    const { seq } = await change(person, conversationId, what)
    for (const other of all) if (other !== person) await follow(other, conversationId, seq - 1)
  }
  for (const other of all) if (other !== owner) await follow(other, conversationId)

  await refused(admin, { remove: [owner.device.deviceId] })
  await refused(admin, { data: managed([owner, admin]) })
  await refused(admin, { data: managed([], [admin]) })
  await step(admin, { add: await claimAll(admin, [eve]) })
  await eve.join()
  all.push(eve)
  await refused(eve, { remove: [member.device.deviceId] })
  all.splice(all.indexOf(target), 1)
  await step(admin, { remove: [target.device.deviceId] })
  // The data must let go of a role together with its holder.
  await refused(owner, { remove: [admin.device.deviceId] })
  all.splice(all.indexOf(admin), 1)
  await step(owner, { remove: [admin.device.deviceId], data: managed([owner]) })
  expect(new Set(accountsIn(member, conversationId))).toEqual(new Set(all.map(person => person.accountId)))
}, 60_000)

test('P51 a group of two kinds at once cannot be: its data stay those of a group', async () => {
  const { owner, conversationId } = await makeManagedGroup(url(), 1)
  expect(await refusalOf(change(owner, conversationId, { data: { kind: 'direct' } }))).toBe(
    'CHAT_COMMIT_INVALID',
  )
})

test('P50 P51 whoever is removed gets the commit that says so and nothing after', async () => {
  const { owner, people, conversationId } = await makeManagedGroup(url(), 2)
  const [ben, cem] = people
  if (!ben || !cem) throw new Error('too few')
  const [annSocket, benSocket, cemSocket] = [
    await Socket.connect(owner.api),
    await Socket.connect(ben.api),
    await Socket.connect(cem.api),
  ]
  const { seq } = await change(owner, conversationId, { remove: [ben.device.deviceId] })
  await follow(cem, conversationId)
  const epoch = epochOf(owner, conversationId)
  const sent = await annSocket.send(annSocket.frame(conversationId, body('after'), { epoch }))
  await cemSocket.until(() => cemSocket.delivered.some(event => event.seq === sent.seq))
  await benSocket.until(() => benSocket.controls.some(control => control.t === 'heads'))
  expect(benSocket.delivered.map(event => event.seq)).toEqual([seq])
  expect(benSocket.controlOf('heads').heads).toEqual([])
  const page = await ben.api.call('readEvents', { conversationId, after: 0 })
  expect(page.events.map(event => event.seq)).toEqual([seq])
  expect(page.lastSeq).toBe(seq)
  const sending = await benSocket.send(benSocket.frame(conversationId, body('still me'), { epoch }))
  expect(sending.status).toBe(84)
  expect(await refusalOf(ben.api.call('readGroupInfo', { conversationId }))).toBe(
    'CHAT_CONVERSATION_NOT_FOUND',
  )
  // Added again, the account reads from there on.
  await ben.publishKeyPackages(1)
  const again = await change(owner, conversationId, { add: await claimAll(owner, [ben]) })
  await ben.api.call('listWelcomes', {})
  expect((await ben.api.call('readEvents', { conversationId, after: 0 })).events).toEqual([])
  expect((await ben.api.call('listConversations', {})).conversations).toMatchObject([
    { conversationId, lastSeq: again.seq },
  ])
  for (const socket of [annSocket, benSocket, cemSocket]) socket.close()
}, 60_000)

test('P42 P51 of racing changes one wins; the others hear of the epoch, the winner of its place', async () => {
  const { owner, people, conversationId } = await makeManagedGroup(url(), 3)
  const racers = [owner, ...people].map(person => ({ person, request: makeChange(person, conversationId) }))
  const outcomes = await Promise.allSettled(
    racers.map(({ person, request }) => person.api.call('submitCommit', request)),
  )
  expect(outcomes.filter(outcome => outcome.status === 'fulfilled')).toHaveLength(1)
  for (const [index, outcome] of outcomes.entries()) {
    const racer = racers[index]
    if (racer === undefined) throw new Error('no racer')
    const again = racer.person.api.call('submitCommit', racer.request)
    if (outcome.status === 'fulfilled') expect(await again).toEqual(outcome.value)
    else expect(await refusalOf(again)).toBe('CHAT_EPOCH_STALE')
  }
}, 60_000)

test('P54 joiners get the snapshot of their epoch, as long as a Welcome of it waits', async () => {
  const { owner, people, conversationId } = await makeManagedGroup(url(), 1)
  const [ben] = people
  const [cem, dan] = [await signUpWithPackages(url()), await signUpWithPackages(url())]
  await change(owner, conversationId, { add: await claimAll(owner, [cem]) })
  const { welcomes } = await cem.api.call('listWelcomes', {})
  expect(welcomes).toMatchObject([{ conversationId, kind: 'group', epoch: 2, snapshot: SNAPSHOT }])
  const stored = async () =>
    server()
      .server.contextForTesting.databases.chat.selectFrom('ratchet_tree')
      .select(['epoch', 'snapshot'])
      .where('conversation_id', '=', Buffer.from(conversationId, 'hex'))
      .orderBy('epoch')
      .execute()
  await change(owner, conversationId, {})
  expect((await stored()).map(row => [row.epoch, row.snapshot !== null])).toEqual([
    [2, true],
    [3, false],
  ])
  await cem.join()
  expect((await stored()).map(row => row.epoch)).toEqual([3])
  await change(owner, conversationId, { add: await claimAll(owner, [dan]) })
  await ben?.api.call('listWelcomes', {})
  await dan.api.call('settleWelcome', { conversationId, epoch: 4 })
  await change(owner, conversationId, {})
  expect(await stored()).toMatchObject([{ epoch: 5, snapshot: null }])
}, 60_000)

test('P55 an event over 32 KiB is announced by the head and read from the log', async () => {
  const { owner, people, conversationId } = await makeManagedGroup(url(), 1)
  const [ben] = people
  if (ben === undefined) throw new Error('nobody')
  const [left, right] = [await Socket.connect(owner.api), await Socket.connect(ben.api)]
  const fits = await left.send(left.frame(conversationId, new Uint8Array(32 * 1024)))
  const large = await left.send(left.frame(conversationId, new Uint8Array(32 * 1024 + 1)))
  await right.until(() => right.controls.some(control => control.t === 'head'))
  expect(right.controlOf('head')).toEqual({ t: 'head', conversationId, lastSeq: large.seq })
  expect(right.delivered.map(event => event.seq)).toEqual([fits.seq])
  const { events } = await ben.api.call('readEvents', { conversationId, after: fits.seq })
  expect(events[0]?.body).toHaveLength(32 * 1024 + 1)
  left.close()
  right.close()
})

test('P43 a commit that takes somebody out ends the grace of the epochs before it', async () => {
  const { owner, people, conversationId } = await makeManagedGroup(url(), 2)
  const [ben, cem] = people
  if (!ben || !cem) throw new Error('too few')
  const socket = await Socket.connect(cem.api)
  const epoch = epochOf(cem, conversationId)
  const late = (text: string) => socket.send(socket.frame(conversationId, body(text), { epoch }))
  await change(owner, conversationId, {})
  expect(await late('nobody has gone')).toMatchObject({ status: 0 })
  await change(owner, conversationId, { remove: [ben.device.deviceId] })
  expect(await late('somebody is out')).toMatchObject({ status: 82 })
  socket.close()
})

test('P33 P35 what a group needs of many is asked at once; who is gone or has nothing left is missing', async () => {
  const [ann, ben, cem] = await Promise.all([1, 2, 3].map(() => Person.signUp(url())))
  if (!ann || !ben || !cem) throw new Error('too few')
  const phone = await ben.enrolAnother()
  for (const device of [ben, phone]) await device.publishKeyPackages(2)
  const accountIds = [ann, ben, cem].map(person => person.accountId)
  const [first, second, third] = await Promise.all(
    [1, 2, 3].map(() => ann.api.call('claimManyKeyPackages', { accountIds: [...accountIds, randomId()] })),
  )
  const given = [first, second, third].flatMap(answer => answer?.accounts ?? [])
  expect(new Set(given.map(account => account.accountId))).toEqual(new Set([ben.accountId]))
  const packages = given.flatMap(account => account.packages)
  expect(packages).toHaveLength(4)
  expect(new Set(packages.map(each => Buffer.from(each.keyPackage).toString('hex'))).size).toBe(4)
  await ben.publishKeyPackages(0, true)
  const last = await ann.api.call('claimManyKeyPackages', { accountIds })
  expect(last.accounts).toMatchObject([
    { accountId: ben.accountId, packages: [{ deviceId: ben.device.deviceId, lastResort: true }] },
  ])

  const { identities } = await ann.api.call('readIdentities', { accountIds: [...accountIds, randomId()] })
  expect(new Set(identities.map(each => each.accountId))).toEqual(new Set(accountIds))
  const ofBen = identities.find(each => each.accountId === ben.accountId)?.identity
  expect(ofBen).toEqual(await ann.api.call('readIdentity', { accountId: ben.accountId }))
  const { accounts } = await ann.api.call('readAccounts', { accountIds: [...accountIds, randomId()] })
  expect(new Set(accounts.map(each => each.handle))).toEqual(
    new Set([ann, ben, cem].map(person => person.handle)),
  )
}, 60_000)
