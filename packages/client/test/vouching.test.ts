import type { AccountId } from '@entangle/protocol'
import { expect, test } from 'vitest'
import type { AccountContext } from '../src/account/context.ts'
import { newGroupChat } from '../src/chats/chat-record.ts'
import type { Draft, Room } from '../src/conversations/draft.ts'
import { alignedGroup } from '../src/groups/epoch.ts'
import { newGroup } from '../src/groups/group-record.ts'
import { newGroupState } from '../src/groups/state.ts'
import { vouchSoon } from '../src/groups/vouching.ts'

const people = Array.from({ length: 8 }, (_, index) => index.toString(16).repeat(32) as AccountId)
const [owner, second, , , , guest, late] = people

/** When the account commits after somebody has come in by themselves; null when it has no reason to. */
function dueAfter(
  self: AccountId | undefined,
  arrived: AccountId | undefined,
  isReturn: boolean,
  departed: readonly AccountId[] = [],
) {
  if (self === undefined || arrived === undefined || owner === undefined) throw new Error('nobody')
  const group = {
    ...newGroup(newGroupState('Choir'), null),
    members: people,
    departed,
    data: { owners: [owner], admins: [], invites: [] },
  }
  const chat = newGroupChat('c'.repeat(32) as never, group, 'accepted', 0)
  const draft = { chat, conversation: { updateDueAt: null } } as unknown as Draft
  const context = {
    clock: { now: () => 1000, random: () => 0.5 },
    self: { accountId: self },
    timing: { leaverSweep: { min: 0, max: 100 } },
  } as unknown as AccountContext
  vouchSoon({ context } as Room, draft, arrived, isReturn)
  return draft.conversation.updateDueAt
}

test('P59 for a device that came back managers and the first few commit soon, for any own device its account does', () => {
  expect(dueAfter(owner, guest, true)).toBe(1050)
  expect(dueAfter(second, guest, true)).toBe(1050)
  expect(dueAfter(late, guest, true)).toBeNull()
  expect(dueAfter(owner, guest, false)).toBeNull()
  // The account may have been out meanwhile: the others take the device for a new one, unless they remember.
  expect(dueAfter(late, late, false)).toBe(1050)
})

test('P59 an account that was out and is in again is remembered, so that its devices are vouched for as well', () => {
  const departed = (
    before: readonly AccountId[],
    after: readonly AccountId[],
    known: readonly AccountId[] = [],
  ) => {
    const group = { ...newGroup(newGroupState('Choir'), null), members: before, departed: known }
    const data = {
      kind: 'group',
      owners: new Set(people),
      admins: new Set(people),
      invites: new Set(),
    } as const
    return alignedGroup(group, { members: new Set(after), data: data as never }).departed
  }
  const others = people.filter(person => person !== guest)
  const remembered = departed(people, others)
  expect(remembered).toEqual([guest])
  const again = departed(others, people, remembered)
  expect(again).toEqual([guest])
  expect(dueAfter(owner, guest, false, again)).toBe(1050)
  expect(dueAfter(late, guest, false, again)).toBeNull()
})
