import { randomBytes } from '@entangle/crypto'
import { type AccountId, type InviteId, readId } from '@entangle/protocol'
import { expect, test } from 'vitest'
import type { AccountContext } from '../src/account/context.ts'
import { newGroupChat } from '../src/chats/chat-record.ts'
import type { Draft, Room } from '../src/conversations/draft.ts'
import { newGroup } from '../src/groups/group-record.ts'
import { newGroupState, STATE_REQUEST, type StateContent } from '../src/groups/state.ts'
import { applyStateEvent } from '../src/groups/state-events.ts'
import { stageDifference } from '../src/groups/telling.ts'

const self: AccountId = readId(randomBytes(16))
const other: AccountId = readId(randomBytes(16))
const link: InviteId = readId(randomBytes(16))

/** What this device sends after its own event has its place in a group with this owner. */
async function sentAfter(owner: AccountId, event: StateContent): Promise<unknown[]> {
  const group = {
    ...newGroup(newGroupState('Choir'), null),
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
  await applyStateEvent(room, draft, place as never, self, event)
  stageDifference(room, draft)
  return sent
}

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
