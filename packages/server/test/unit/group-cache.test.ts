import type { ConversationId } from '@entangle/protocol'
import { expect, test } from 'vitest'
import { createGroupCache, type LoadedGroup } from '../../src/chat/group-cache.ts'
import type { GroupMember } from '../../src/chat/public-groups.ts'
import { crypto, Person, randomId } from '../support/person.ts'

const MEMBER: GroupMember = {
  accountId: randomId(),
  deviceId: randomId(),
  signatureKey: new Uint8Array(32),
}

async function makeLoaded(members = 1): Promise<LoadedGroup & { readonly id: ConversationId }> {
  const person = await Person.create('http://localhost:1')
  const { conversationId, groupInfo, ratchetTree } = person.makeGroup([])
  const group = (await crypto()).createPublicGroup(groupInfo, ratchetTree)
  return { id: conversationId, group, members: Array.from({ length: members }, () => MEMBER) }
}

const isOpen = ({ group }: LoadedGroup): boolean => {
  try {
    return group.epoch > 0n
  } catch {
    return false
  }
}

test('a group is lent to one at a time, and only at its epoch', async () => {
  const cache = createGroupCache()
  const one = await makeLoaded()
  cache.put(one.id, one)
  expect(cache.take(one.id, 1)).toBe(one)
  expect(cache.take(one.id, 1)).toBeUndefined()
  cache.put(one.id, one)
  expect(cache.take(one.id, 2)).toBeUndefined()
  expect(isOpen(one)).toBe(false)
})

test('what was used longest ago makes room, and what takes its place is closed', async () => {
  const cache = createGroupCache(250)
  const [first, second, third, large] = await Promise.all([80, 80, 80, 500].map(makeLoaded))
  if (!first || !second || !third || !large) throw new Error('too few')
  cache.put(first.id, first)
  cache.put(second.id, second)
  cache.put(third.id, third)
  cache.put(second.id, cache.take(second.id, 1) ?? third)
  const another = await makeLoaded(80)
  cache.put(another.id, another)
  expect([first, second, third, another].map(isOpen)).toEqual([false, true, false, true])
  const twin = { ...(await makeLoaded(80)), id: another.id }
  cache.put(another.id, twin)
  expect([second, another, twin].map(isOpen)).toEqual([true, false, true])
  // One that is too large for any room is not held at all.
  cache.put(large.id, large)
  expect([second, twin, large].map(isOpen)).toEqual([false, false, false])
})
