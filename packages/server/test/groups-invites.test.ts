import { randomBytes } from 'node:crypto'
import { type InviteId, idToBytes } from '@entangle/protocol'
import { expect, test } from 'vitest'
import { refusalOf } from './support/api.ts'
import {
  accountsIn,
  change,
  follow,
  makeEntry,
  makeLeave,
  makeManagedGroup,
  managed,
  tryEntry,
} from './support/group.ts'
import { Person, randomId } from './support/person.ts'
import { useServer } from './support/server.ts'

const server = useServer({ RATE_LIMITS: 'off-for-benchmarks' })
const url = () => server().url
const SEALED = new TextEncoder().encode('sealed for whoever has the link')

/** A group with an open link that everybody knows. */
async function startWithLink() {
  const { owner, people, conversationId } = await makeManagedGroup(url(), 1)
  const [ben] = people
  if (ben === undefined) throw new Error('nobody')
  const link = { inviteId: randomId<InviteId>(), secret: randomBytes(32) }
  for (const person of [owner, ben])
    person.device.state.storePreSharedKey(idToBytes(link.inviteId), link.secret)
  await change(owner, conversationId, { data: managed([owner], [], [link.inviteId]) })
  await follow(ben, conversationId)
  const { inviteId } = link
  await owner.api.call('writeInvite', { conversationId, inviteId, sealed: SEALED })
  return { owner, ben, conversationId, link, inviteId }
}

test('P53 whoever has the link reads the group behind it and comes in', async () => {
  const { owner, ben, conversationId, link, inviteId } = await startWithLink()
  const eve = await Person.signUp(url())
  const found = await eve.api.call('readInvite', { inviteId })
  expect(found).toMatchObject({ conversationId, epoch: 2, lastSeq: 1, sealed: SEALED })
  const entry = makeEntry(eve, conversationId, found, link)
  const answer = await eve.api.call('submitCommit', entry)
  expect(await eve.api.call('submitCommit', entry)).toEqual(answer)
  for (const person of [owner, ben]) await follow(person, conversationId, found.lastSeq)
  expect(new Set(accountsIn(owner, conversationId))).toEqual(
    new Set([owner, ben, eve].map(person => person.accountId)),
  )
  expect((await eve.api.call('listConversations', {})).conversations).toMatchObject([{ conversationId }])
  // Once in, another device needs no link.
  const phone = await eve.enrolAnother()
  const entrance = await phone.api.call('readGroupInfo', { conversationId })
  await phone.api.call('submitCommit', makeEntry(phone, conversationId, entrance))
}, 60_000)

test('P53 a stranger without the link, or without its secret in the commit, stays outside', async () => {
  const { owner, conversationId, link, inviteId } = await startWithLink()
  const eve = await Person.signUp(url())
  const found = await eve.api.call('readInvite', { inviteId })
  const submit = (entry: ReturnType<typeof tryEntry>) => refusalOf(eve.api.call('submitCommit', entry))
  const bare = tryEntry(eve, conversationId, found)
  expect(await submit(bare)).toBe('CHAT_CONVERSATION_NOT_FOUND')
  expect(await submit({ ...bare, invite: inviteId })).toBe('CHAT_INVITE_INVALID')
  const unknown = { inviteId: randomId<InviteId>(), secret: link.secret }
  const wrong = tryEntry(eve, conversationId, found, unknown)
  expect(await submit(wrong)).toBe('CHAT_CONVERSATION_NOT_FOUND')
  expect(await submit({ ...wrong, invite: inviteId })).toBe('CHAT_INVITE_INVALID')
  expect(await refusalOf(eve.api.call('readInvite', { inviteId: unknown.inviteId }))).toBe(
    'CHAT_INVITE_INVALID',
  )
  // The link of one group opens no other.
  const other = await makeManagedGroup(url(), 1)
  const entrance = await other.owner.api.call('readGroupInfo', { conversationId: other.conversationId })
  const elsewhere = tryEntry(eve, other.conversationId, entrance, link)
  expect(await submit(elsewhere)).toBe('CHAT_CONVERSATION_NOT_FOUND')
  await change(owner, conversationId)
}, 60_000)

test('P53 a revoked link is over, also for who has read it before', async () => {
  const { owner, conversationId, link, inviteId } = await startWithLink()
  const eve = await Person.signUp(url())
  const entry = makeEntry(eve, conversationId, await eve.api.call('readInvite', { inviteId }), link)
  const fresh = randomId<InviteId>()
  await change(owner, conversationId, { data: managed([owner], [], [fresh]) })
  expect(await refusalOf(eve.api.call('readInvite', { inviteId }))).toBe('CHAT_INVITE_INVALID')
  expect(await refusalOf(eve.api.call('submitCommit', entry))).toBe('CHAT_CONVERSATION_NOT_FOUND')
  expect(await refusalOf(owner.api.call('writeInvite', { conversationId, inviteId, sealed: SEALED }))).toBe(
    'CHAT_INVITE_INVALID',
  )
  await owner.api.call('writeInvite', { conversationId, inviteId: fresh, sealed: SEALED })
  await owner.api.call('writeInvite', { conversationId, inviteId: fresh, sealed: SEALED.slice(1) })
  expect((await eve.api.call('readInvite', { inviteId: fresh })).sealed).toEqual(SEALED.slice(1))
}, 60_000)

test('P53 only managers write a link, only one that the group names and no other group holds', async () => {
  const { owner, ben, conversationId, inviteId } = await startWithLink()
  const write = (person: Person, fields: object = {}) =>
    refusalOf(person.api.call('writeInvite', { conversationId, inviteId, sealed: SEALED, ...fields }))
  expect(await write(ben)).toBe('CHAT_ROLE_REQUIRED')
  expect(await write(await Person.signUp(url()))).toBe('CHAT_CONVERSATION_NOT_FOUND')
  expect(await write(owner, { inviteId: randomId() })).toBe('CHAT_INVITE_INVALID')
  const other = await makeManagedGroup(url(), 1)
  const thief = other.owner
  await change(thief, other.conversationId, { data: managed([thief], [], [inviteId]) })
  expect(await write(thief, { conversationId: other.conversationId })).toBe('CHAT_INVITE_INVALID')
  expect((await ben.api.call('readInvite', { inviteId })).conversationId).toBe(conversationId)
}, 60_000)

test('P52 P53 who has left comes back by the link once the others have taken them out', async () => {
  const { owner, ben, conversationId, link, inviteId } = await startWithLink()
  const leave = makeLeave(ben, conversationId)
  const { seq } = await ben.api.call('leaveConversation', leave)
  const enter = async () => {
    const found = await ben.api.call('readInvite', { inviteId })
    return ben.api.call('submitCommit', tryEntry(ben, conversationId, found, link))
  }
  expect(await refusalOf(enter())).toBe('CHAT_INVITE_INVALID')
  await change(owner, conversationId, { proposals: [leave.proposal] })
  const answer = await enter()
  await follow(owner, conversationId, seq + 1)
  expect(accountsIn(owner, conversationId)).toContain(ben.accountId)
  expect((await ben.api.call('listConversations', {})).conversations).toMatchObject([
    { conversationId, joined: true },
  ])
  expect((await ben.api.call('readEvents', { conversationId, after: 0 })).events).toEqual([])
  const { seq: next } = await change(owner, conversationId)
  const { events } = await ben.api.call('readEvents', { conversationId, after: 0 })
  expect(events.map(event => event.seq)).toEqual([next])
  expect(answer.seq).toBe(next - 1)
}, 60_000)

test('P52 the last who saw somebody leave takes them out before leaving: who came in by the link does not know', async () => {
  const { owner, ben, conversationId, link, inviteId } = await startWithLink()
  const { seq } = await owner.api.call('leaveConversation', makeLeave(owner, conversationId))
  const eve = await Person.signUp(url())
  const found = await eve.api.call('readInvite', { inviteId })
  await eve.api.call('submitCommit', makeEntry(eve, conversationId, found, link))
  await follow(ben, conversationId, seq)
  const early = makeLeave(ben, conversationId)
  expect(await refusalOf(ben.api.call('leaveConversation', early))).toBe('CHAT_LEAVER_KEPT')
  const out = { remove: [owner.device.deviceId], data: managed([], [], [inviteId]) }
  await change(ben, conversationId, out)
  await follow(eve, conversationId, seq + 1)
  await ben.api.call('leaveConversation', makeLeave(ben, conversationId))
  await change(eve, conversationId, { remove: [ben.device.deviceId] })
  expect(accountsIn(eve, conversationId)).toEqual([eve.accountId])
}, 60_000)
