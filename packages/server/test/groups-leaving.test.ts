import { expect, test } from 'vitest'
import { refusalOf } from './support/api.ts'
import {
  accountsIn,
  change,
  claimAll,
  epochOf,
  follow,
  makeChange,
  makeEntry,
  makeLeave,
  makeManagedGroup,
  managed,
} from './support/group.ts'
import { makePair, randomId } from './support/person.ts'
import { useServer } from './support/server.ts'
import { Socket } from './support/socket.ts'

const server = useServer({ RATE_LIMITS: 'off-for-benchmarks' })
const url = () => server().url
const body = (text: string) => new TextEncoder().encode(text)

const outcomeOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'taken',
    () => refusalOf(call),
  )

/** A group of three of whom the second has a second device, in the tree as well. */
async function startWithTwoDevices() {
  const { owner, people, conversationId } = await makeManagedGroup(url(), 2)
  const [ben, cem] = people
  if (!ben || !cem) throw new Error('too few')
  const laptop = await ben.enrolAnother()
  await laptop.api.call(
    'submitCommit',
    makeEntry(laptop, conversationId, await laptop.api.call('readGroupInfo', { conversationId })),
  )
  for (const person of [owner, ben, cem]) await follow(person, conversationId)
  return { owner, ben, laptop, cem, conversationId }
}

test('P52 the proposal of one device takes its whole account out of delivery, at once', async () => {
  const { owner, ben, laptop, conversationId } = await startWithTwoDevices()
  const [annSocket, benSocket, laptopSocket] = [
    await Socket.connect(owner.api),
    await Socket.connect(ben.api),
    await Socket.connect(laptop.api),
  ]
  const leave = makeLeave(ben, conversationId)
  const { seq } = await ben.api.call('leaveConversation', leave)
  expect(await ben.api.call('leaveConversation', leave)).toMatchObject({ seq })
  const epoch = epochOf(owner, conversationId)
  const later = await annSocket.send(annSocket.frame(conversationId, body('later'), { epoch }))
  await annSocket.until(() => annSocket.delivered.some(event => event.seq === later.seq))
  // The leaver's other device learns of it from the event itself.
  for (const socket of [benSocket, laptopSocket]) {
    await socket.until(() => socket.controls.some(control => control.t === 'heads'))
    expect(socket.controlOf('heads').heads).toEqual([])
    expect(socket.delivered.map(event => [event.kind, event.seq])).toEqual([['proposal', seq]])
    const refused = await socket.send(socket.frame(conversationId, body('still here'), { epoch }))
    expect(refused.status).toBe(84)
  }
  for (const device of [ben, laptop]) {
    const page = await device.api.call('readEvents', { conversationId, after: seq - 1 })
    expect(page.events).toMatchObject([
      { seq, kind: 'proposal', messageId: leave.messageId, senderDevice: ben.device.deviceId },
    ])
    expect(page.lastSeq).toBe(seq)
    expect((await device.api.call('listConversations', {})).conversations).toEqual([])
    expect(await refusalOf(device.api.call('readGroupInfo', { conversationId }))).toBe(
      'CHAT_CONVERSATION_NOT_FOUND',
    )
    expect(await refusalOf(device.api.call('submitCommit', makeChange(device, conversationId)))).toBe(
      'CHAT_NOT_MEMBER',
    )
  }
  const reconnected = await Socket.connect(laptop.api)
  expect(reconnected.controlOf('ready').heads).toEqual([])
  for (const socket of [annSocket, benSocket, laptopSocket, reconnected]) socket.close()
}, 60_000)

test('P52 no commit passes that keeps a device of who leaves; with them out the account may be added again', async () => {
  const { owner, ben, laptop, cem, conversationId } = await startWithTwoDevices()
  const leave = makeLeave(ben, conversationId)
  await ben.api.call('leaveConversation', leave)
  const kept = async (what: Parameters<typeof change>[2]) =>
    expect(await refusalOf(change(cem, conversationId, what))).toBe('CHAT_LEAVER_KEPT')
  await kept({})
  await kept({ proposals: [leave.proposal] })
  await kept({ remove: [laptop.device.deviceId] })
  await ben.publishKeyPackages(1)
  const anew = await claimAll(owner, [ben])
  const phone = await ben.enrolAnother()
  await phone.publishKeyPackages(1)
  const readded = change(owner, conversationId, {
    add: (await claimAll(owner, [ben])).filter(each => each.deviceId === phone.device.deviceId),
    proposals: [leave.proposal],
    remove: [laptop.device.deviceId],
  })
  expect(await refusalOf(readded)).toBe('CHAT_LEAVER_KEPT')

  // Not only a manager may take them out: here a member does.
  const out = { proposals: [leave.proposal], remove: [laptop.device.deviceId] }
  const { seq } = await change(cem, conversationId, out)
  await follow(owner, conversationId)
  expect(new Set(accountsIn(owner, conversationId))).toEqual(new Set([owner.accountId, cem.accountId]))
  // That commit is not theirs any more.
  const page = await ben.api.call('readEvents', { conversationId, after: 0 })
  expect(page.events.every(event => event.seq < seq)).toBe(true)

  const { seq: addedAt } = await change(owner, conversationId, { add: anew })
  expect((await ben.api.call('listConversations', {})).conversations).toMatchObject([{ conversationId }])
  expect((await ben.api.call('readEvents', { conversationId, after: 0 })).events).toEqual([])
  await follow(cem, conversationId, seq)
  await change(cem, conversationId)
  const { events } = await ben.api.call('readEvents', { conversationId, after: 0 })
  expect(events.map(event => event.seq)).toEqual([addedAt + 1])
}, 60_000)

test('P52 a proposal that an external commit has overtaken is followed by removing', async () => {
  const { owner, ben, laptop, cem, conversationId } = await startWithTwoDevices()
  const phone = await cem.enrolAnother()
  const entrance = await phone.api.call('readGroupInfo', { conversationId })
  const leave = makeLeave(ben, conversationId)
  await ben.api.call('leaveConversation', leave)
  // Who comes in from outside could not take anybody else out.
  await phone.api.call('submitCommit', makeEntry(phone, conversationId, entrance))
  for (const person of [owner, cem]) await follow(person, conversationId)
  expect(await refusalOf(change(owner, conversationId))).toBe('CHAT_LEAVER_KEPT')
  const both = [ben.device.deviceId, laptop.device.deviceId]
  const { seq } = await change(owner, conversationId, { remove: both })
  await follow(cem, conversationId, seq - 1)
  await change(cem, conversationId)
}, 60_000)

test('P42 P45 P52 leaving keeps its answer, the refusal of an old epoch too', async () => {
  const { owner, people, conversationId } = await makeManagedGroup(url(), 2)
  const [ben, cem] = people
  if (!ben || !cem) throw new Error('too few')
  const stale = makeLeave(ben, conversationId)
  await change(owner, conversationId)
  expect(await refusalOf(ben.api.call('leaveConversation', stale))).toBe('CHAT_EPOCH_STALE')
  await follow(ben, conversationId)
  const leave = makeLeave(ben, conversationId)
  const answers = await Promise.all([1, 2, 3].map(() => ben.api.call('leaveConversation', leave)))
  expect(new Set(answers.map(answer => answer.seq)).size).toBe(1)
  expect(await refusalOf(ben.api.call('leaveConversation', stale))).toBe('CHAT_EPOCH_STALE')
  expect(await refusalOf(ben.api.call('leaveConversation', { ...leave, proposal: new Uint8Array(9) }))).toBe(
    'CHAT_MESSAGE_ID_REUSED',
  )
  expect(await refusalOf(ben.api.call('leaveConversation', makeLeave(ben, conversationId)))).toBe(
    'CHAT_NOT_MEMBER',
  )

  await follow(cem, conversationId)
  const foreign = makeLeave(cem, conversationId)
  expect(await refusalOf(owner.api.call('leaveConversation', foreign))).toBe('CHAT_COMMIT_INVALID')
  const commit = makeChange(cem, conversationId).commit
  expect(await refusalOf(cem.api.call('leaveConversation', { ...foreign, proposal: commit }))).toBe(
    'CHAT_COMMIT_INVALID',
  )
  const nowhere = { ...foreign, conversationId: randomId<typeof conversationId>() }
  expect(await refusalOf(cem.api.call('leaveConversation', nowhere))).toBe('CHAT_CONVERSATION_NOT_FOUND')
}, 60_000)

test('P52 two who leave and a commit at the same moment: whatever wins, both go and the others go on', async () => {
  for (let round = 0; round < 3; round++) {
    const { owner, people, conversationId } = await makeManagedGroup(url(), 3)
    const [ben, cem, dan] = people
    if (!ben || !cem || !dan) throw new Error('too few')
    const leaving = [ben, cem].map(person => ({ person, request: makeLeave(person, conversationId) }))
    const outcomes = await Promise.all([
      outcomeOf(change(dan, conversationId)),
      ...leaving.map(({ person, request }) => outcomeOf(person.api.call('leaveConversation', request))),
    ])
    for (const outcome of outcomes)
      expect(['taken', 'CHAT_EPOCH_STALE', 'CHAT_LEAVER_KEPT']).toContain(outcome)
    expect(outcomes).toContain('taken')
    for (const { person } of leaving) {
      const { conversations } = await person.api.call('listConversations', {})
      if (conversations.length === 0) continue
      await follow(person, conversationId)
      await person.api.call('leaveConversation', makeLeave(person, conversationId))
    }
    await follow(owner, conversationId)
    const remove = [ben, cem].map(person => person.device.deviceId)
    await change(owner, conversationId, { remove })
    expect(new Set(accountsIn(owner, conversationId))).toEqual(new Set([owner.accountId, dan.accountId]))
  }
}, 120_000)

test('P52 the last owner may leave: who is left commits the roles without them', async () => {
  const { owner, people, conversationId } = await makeManagedGroup(url(), 2)
  const [ben, cem] = people
  if (!ben || !cem) throw new Error('too few')
  const leave = makeLeave(owner, conversationId)
  await owner.api.call('leaveConversation', leave)
  const proposals = [leave.proposal]
  expect(await refusalOf(change(ben, conversationId, { proposals }))).toBe('CHAT_ROLE_REQUIRED')
  const { seq } = await change(ben, conversationId, { proposals, data: managed([]) })
  await follow(cem, conversationId, seq - 2)
  // Nobody owns it: everybody may manage it.
  await change(cem, conversationId, { data: managed([cem], [ben]) })
}, 60_000)

test('P52 a conversation of two is not left', async () => {
  const { ann, conversationId } = await makePair(url())
  expect(await refusalOf(ann.api.call('leaveConversation', makeLeave(ann, conversationId)))).toBe(
    'CHAT_COMMIT_INVALID',
  )
})

test('P49 P52 a device whose Welcome still waits does not come in after its account has left', async () => {
  const { owner, people, conversationId } = await makeManagedGroup(url(), 1)
  const [ben] = people
  if (ben === undefined) throw new Error('nobody')
  const laptop = await ben.enrolAnother()
  await laptop.publishKeyPackages(1)
  const ofLaptop = (await claimAll(owner, [ben])).filter(each => each.deviceId === laptop.device.deviceId)
  await change(owner, conversationId, { add: ofLaptop })
  await follow(ben, conversationId)
  await ben.api.call('leaveConversation', makeLeave(ben, conversationId))
  expect((await laptop.api.call('listWelcomes', {})).welcomes).toEqual([])
}, 60_000)
