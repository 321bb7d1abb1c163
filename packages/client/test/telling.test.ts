import { randomBytes } from '@entangle/crypto'
import { type AccountId, type GroupState, type InviteId, readId } from '@entangle/protocol'
import { expect, test } from 'vitest'
import type { AccountContext } from '../src/account/context.ts'
import { newGroupChat } from '../src/chats/chat-record.ts'
import type { Draft, Room } from '../src/conversations/draft.ts'
import { EMPTY_STATE, newGroup } from '../src/groups/group-record.ts'
import { newGroupState, STATE_REQUEST, type StateContent } from '../src/groups/state.ts'
import { applyStateEvent } from '../src/groups/state-events.ts'
import { stageDifference } from '../src/groups/telling.ts'

const self: AccountId = readId(randomBytes(16))
const other: AccountId = readId(randomBytes(16))
const link: InviteId = readId(randomBytes(16))

/** What an event by somebody, in a group with this owner, makes of the state here, and what is sent because of it. */
async function after(
  from: AccountId,
  owner: AccountId,
  event: StateContent,
  state: GroupState = newGroupState('Choir'),
) {
  const group = {
    ...newGroup(state, null),
    members: [self, other],
    data: { owners: [owner], admins: [], invites: [link] },
  }
  const chat = newGroupChat('c'.repeat(32) as never, group, 'accepted', 0)
  const draft = {
    chat,
    conversation: { keys: [] },
    settled: [],
    messages: [],
    ids: new Set(),
  } as unknown as Draft
  const sent: unknown[] = []
  const context = {
    self: { accountId: self },
    clock: { now: () => 0 },
    log: { isRepeated: async () => true },
    outbox: {
      stageNew: (_transaction: unknown, _chatId: unknown, messages: readonly { content: unknown }[]) =>
        void sent.push(...messages.map(({ content }) => content)),
    },
  } as unknown as AccountContext
  const room = { context, mls: { storePreSharedKey: () => undefined } } as unknown as Room
  const place = { seq: 9, messageId: readId(randomBytes(16)), serverTime: 0 } as const
  await applyStateEvent(room, draft, place as never, from, event)
  stageDifference(room, draft)
  if (draft.chat.kind !== 'group') throw new Error('no group')
  return { sent, state: draft.chat.group.state }
}

const sentAfter = async (owner: AccountId, event: StateContent) => (await after(self, owner, event)).sent

test('P77 who has told the state again and manages nothing any more asks those who do to tell it', async () => {
  const again: StateContent = { kind: 'group-change', name: 'Octet', since: 5 }
  const secret: StateContent = { kind: 'invite', inviteId: link, secret: randomBytes(32) }
  expect(await sentAfter(other, again)).toEqual([STATE_REQUEST])
  expect(await sentAfter(other, secret)).toEqual([STATE_REQUEST])
  expect(await sentAfter(self, again)).toEqual([])
  // What was new and did not count is nothing to tell.
  expect(await sentAfter(other, { kind: 'group-change', name: 'Octet' })).toEqual([])
  expect(await sentAfter(other, { ...secret, inviteId: readId(randomBytes(16)) })).toEqual([])
})

test('P77 where nobody else manages the group, the answer of who is to give it fills in what is not known', async () => {
  const answer: StateContent = { kind: 'group-change', name: 'Octet', since: 5 }
  const secret: StateContent = { kind: 'invite', inviteId: link, secret: randomBytes(32) }
  expect((await after(other, self, answer, EMPTY_STATE)).state.name).toBe('Octet')
  expect((await after(other, self, secret, EMPTY_STATE)).state.invites).toHaveLength(1)
  expect((await after(other, self, answer)).state.name).toBe('Choir')
  // A change of their own is nothing.
  const change: StateContent = { kind: 'group-change', name: 'Octet' }
  expect((await after(other, self, change, EMPTY_STATE)).state).toEqual(EMPTY_STATE)
})
