import { type DeviceList, encodeCredential, padToBucket, randomBytes } from '@entangle/crypto'
import {
  type AccountId,
  type DeviceId,
  encodeContent,
  encodeGroupData,
  type GroupState,
  type InviteId,
  idToBytes,
  type MessageId,
  readId,
} from '@entangle/protocol'
import { expect, test } from 'vitest'
import type { AccountContext } from '../src/account/context.ts'
import { newGroupChat } from '../src/chats/chat-record.ts'
import type { Draft, Room } from '../src/conversations/draft.ts'
import { applyMessage } from '../src/conversations/messages.ts'
import { enterGroupEpoch } from '../src/groups/epoch.ts'
import { EMPTY_STATE, newGroup } from '../src/groups/group-record.ts'
import { newGroupState, STATE_REQUEST, type StateContent } from '../src/groups/state.ts'
import { applyStateEvent } from '../src/groups/state-events.ts'
import { stageDifference } from '../src/groups/telling.ts'
import { earlierDevices } from '../src/identity/earlier-devices.ts'

const self: AccountId = readId(randomBytes(16))
const other: AccountId = readId(randomBytes(16))
const link: InviteId = readId(randomBytes(16))

/** A group of this device with this owner, and what is sent in it. */
function scene(owner: AccountId, state: GroupState = newGroupState('Choir')) {
  const group = {
    ...newGroup(state, null),
    members: [self, other],
    data: { owners: [owner], admins: [], invites: [link] },
  }
  const chat = newGroupChat('c'.repeat(32) as never, group, 'accepted', 0)
  const draft = {
    chat,
    conversation: { conversationId: 'c'.repeat(32), keys: [], transcript: { began: 6 } },
    settled: [],
    messages: [],
    missed: [],
    ids: new Set(),
  } as unknown as Draft
  const sent: unknown[] = []
  const context = {
    self: { accountId: self },
    clock: { now: () => 0 },
    log: { isRepeated: async () => true },
    diagnostics: { note: () => undefined },
    outbox: {
      stageNew: (_transaction: unknown, _chatId: unknown, messages: readonly { content: unknown }[]) =>
        void sent.push(...messages.map(({ content }) => content)),
    },
  } as unknown as AccountContext
  const invites = new Set([link])
  const groupData = encodeGroupData({ kind: 'group', owners: new Set([owner]), admins: new Set(), invites })
  const mls = { storePreSharedKey: () => undefined, groupStatus: () => ({ groupData }) }
  return { draft, room: { context, mls } as unknown as Room, sent }
}

const place = (seq: number) => ({ seq, messageId: readId<MessageId>(randomBytes(16)), serverTime: 0 })

/** What an event by somebody makes of the state here, and what is sent because of it. */
async function after(from: AccountId, owner: AccountId, event: StateContent, state?: GroupState) {
  const { draft, room, sent } = scene(owner, state)
  await applyStateEvent(room, draft, place(9), from, event)
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

test('P77 who came back is answered when somebody who manages the group has told it, or soon nobody will', async () => {
  const answer: StateContent = { kind: 'group-change', name: 'Choir', since: 0 }
  const leaver = { accountId: self, deviceId: readId<DeviceId>(randomBytes(16)), epoch: 1, proposal: null }
  const isAsking = async (owner: AccountId, event: StateContent, isLeft = false) => {
    const { draft, room } = scene(owner)
    if (draft.chat.kind !== 'group') throw new Error('no group')
    const leaving = isLeft ? [{ ...leaver, messageId: readId<MessageId>(randomBytes(16)) }] : []
    draft.chat = { ...draft.chat, group: { ...draft.chat.group, leaving, mayBeOutdated: true } }
    await applyStateEvent(room, draft, place(9), other, event)
    return draft.chat.kind === 'group' && draft.chat.group.mayBeOutdated
  }
  expect(await isAsking(other, answer)).toBe(false)
  expect(await isAsking(other, { kind: 'group-change', name: 'Octet' })).toBe(true)
  expect(await isAsking(self, answer)).toBe(false)
  expect(await isAsking(self, answer, true)).toBe(true)
})

test('P77 who is taken in by one is told by another what was changed in the epoch before', async () => {
  const newcomer: AccountId = readId(randomBytes(16))
  const sentOnCommit = async (owner: AccountId, renamedAt: number, told?: GroupState) => {
    const { draft, room, sent } = scene(owner)
    await applyStateEvent(room, draft, place(renamedAt), owner, { kind: 'group-change', name: 'Octet' })
    const members = new Set([self, other, newcomer])
    await enterGroupEpoch(room, draft, { place: place(10), from: other, external: false, members }, told)
    stageDifference(room, draft)
    return sent
  }
  const change = { kind: 'group-change', name: 'Octet', since: 8 }
  expect(await sentOnCommit(self, 8)).toEqual([change])
  // Another account tells it; nobody could have missed it; and who took them in knows what the snapshot said.
  expect(await sentOnCommit(other, 8)).toEqual([])
  expect(await sentOnCommit(self, 5)).toEqual([])
  expect(await sentOnCommit(self, 8, newGroupState('Choir'))).toEqual([change])
  expect(await sentOnCommit(self, 8, newGroupState('Octet'))).toEqual([])
})

test('P33 what a device that has left its list changes of a group counts, of one that no list named it does not', async () => {
  const device = {
    deviceId: randomBytes(16),
    certificateHash: randomBytes(32),
    signatureKey: randomBytes(32),
  }
  const list = (...entries: (typeof device)[]) => ({ entries }) as unknown as DeviceList
  const nameAfter = async (named: boolean) => {
    const { draft, room } = scene(other)
    const { messageId, ...at } = place(9)
    const content = { v: 1, id: messageId, sentAt: 0, kind: 'group-change', name: 'Octet' } as const
    const record = { earlierDevices: earlierDevices({}, named ? [list(device)] : [], list()) }
    const strangers = [readId<DeviceId>(device.deviceId)]
    draft.conversation = { ...draft.conversation, strangers, transcript: undefined }
    const contacts = { get: () => ({ record }) }
    const context = { ...room.context, contacts } as unknown as AccountContext
    const sender = {
      credential: encodeCredential({ accountId: idToBytes(other), ...device }),
      signatureKey: device.signatureKey,
    }
    await applyMessage(
      { ...room, context },
      draft,
      { ...at, messageId, senderDevice: strangers[0], epoch: 0 } as never,
      {
        epoch: 0n,
        sender,
        authenticatedData: idToBytes(messageId),
        plaintext: padToBucket(encodeContent(content)),
      } as never,
    )
    return draft.chat.kind === 'group' && draft.chat.group.state.name
  }
  expect(await nameAfter(true)).toBe('Octet')
  expect(await nameAfter(false)).toBe('Choir')
})
