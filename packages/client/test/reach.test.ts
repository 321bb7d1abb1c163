import { randomBytes } from '@entangle/crypto'
import { type AccountId, LIMITS, readId } from '@entangle/protocol'
import { describe, expect, test } from 'vitest'
import { type GroupChat, newGroupChat } from '../src/chats/chat-record.ts'
import { type GroupRecord, newGroup } from '../src/groups/group-record.ts'
import { newGroupState } from '../src/groups/state.ts'
import { marksAfter, mayTell, reachOf } from '../src/receipts/reach.ts'
import { deliveryOf } from '../src/timeline/rows.ts'

const account = (): AccountId => readId(randomBytes(16))
const [self, ann, bob] = [account(), account(), account()]

const chat = (change: Partial<GroupRecord>): GroupChat => ({
  ...newGroupChat(
    readId(randomBytes(16)),
    { ...newGroup(newGroupState('Choir'), null), members: [self, ann, bob], ...change },
    'accepted',
    0,
  ),
})

describe('how far the others are', () => {
  const marks = { [ann]: { delivered: 9, read: 4 }, [bob]: { delivered: 6, read: 5 } }

  test('P78 what one of the others lacks is neither delivered nor read', () => {
    const reach = reachOf(chat({ marks }), self)
    expect(reach).toEqual({ delivered: 6, read: 4 })
    expect([4, 6, 7].map(seq => deliveryOf(seq, reach))).toEqual(['read', 'delivered', 'sent'])
    expect(reachOf(chat({ marks: { [ann]: { delivered: 9, read: 9 } } }), self)).toEqual({
      delivered: 0,
      read: 0,
    })
    expect(reachOf(chat({ members: [self] }), self)).toEqual({ delivered: 0, read: 0 })
  })

  test('P78 who leaves is not waited for, nor who came in later', () => {
    const leaver = { accountId: bob, deviceId: readId<never>(randomBytes(16)), epoch: 1, proposal: null }
    const leaving = [{ ...leaver, messageId: readId<never>(randomBytes(16)) }]
    expect(reachOf(chat({ marks, leaving }), self)).toEqual({ delivered: 9, read: 4 })
    const late = account()
    const members = [self, ann, bob, late]
    const grown = chat({ marks: marksAfter(chat({ marks }).group, { members, seq: 8 }), members })
    expect(reachOf(grown, self)).toEqual({ delivered: 6, read: 4 })
    expect(marksAfter(grown.group, { members: [self, late], seq: 9 })).toEqual({
      [late]: { delivered: 8, read: 8 },
    })
  })

  test('P78 in large groups, and before all are checked, nobody is told anything', () => {
    const crowd = [self, ...Array.from({ length: LIMITS.receiptMembers }, account)]
    expect(mayTell(chat({}))).toBe(true)
    expect(mayTell(chat({ members: crowd.slice(1) }))).toBe(true)
    expect(mayTell(chat({ members: crowd }))).toBe(false)
    const told = Object.fromEntries(crowd.map(each => [each, { delivered: 9, read: 9 }]))
    expect(reachOf(chat({ members: crowd, marks: told }), self)).toEqual({ delivered: 0, read: 0 })
    expect(mayTell(chat({ unchecked: [ann] }))).toBe(false)
    const ended = { phase: 'ended', conversationId: readId<never>(randomBytes(16)) } as const
    expect(mayTell({ ...chat({ end: 'left' }), conversation: ended })).toBe(false)
    expect(mayTell({ ...chat({}), standing: 'request' })).toBe(false)
  })
})
