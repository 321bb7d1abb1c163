import { type AccountId, leaverKept, namedLeavers, ProtocolError } from '@entangle/protocol'
import { expect, test } from 'vitest'
import type { AccountContext } from '../src/account/context.ts'
import { type GroupChat, newGroupChat } from '../src/chats/chat-record.ts'
import { newGroup } from '../src/groups/group-record.ts'
import { believeNamedLeavers } from '../src/groups/leaving.ts'
import { leaversOf } from '../src/groups/membership.ts'
import { newGroupState } from '../src/groups/state.ts'

const account = (digit: number) => digit.toString(16).repeat(32) as AccountId
const [self, member, leaver, stranger] = [account(1), account(2), account(3), account(4)]

/** Who this device then takes for somebody who leaves. */
async function believed(mayMissLeavers: boolean, refusal: ProtocolError) {
  const group = {
    ...newGroup(newGroupState('Ferry'), null),
    members: [self, member, leaver],
    mayMissLeavers,
  }
  let chat = newGroupChat('c'.repeat(32) as never, group, 'accepted', 0)
  const context = {
    self: { accountId: self },
    chats: {
      get: () => chat,
      stage: (_: unknown, next: GroupChat) => {
        chat = next
      },
    },
    ledger: { transact: (work: (transaction: unknown) => unknown) => work({}) },
  } as unknown as AccountContext
  const isNews = await believeNamedLeavers(context, chat.id, refusal)
  const isNewsAgain = await believeNamedLeavers(context, chat.id, refusal)
  return { isNews, isNewsAgain, leavers: [...leaversOf(chat.group)] }
}

test('P74 only a device that came in by itself takes the word of the server for who has left, and only of members', async () => {
  const refusal = leaverKept([leaver, self, stranger])
  expect(await believed(true, refusal)).toEqual({ isNews: true, isNewsAgain: false, leavers: [leaver] })
  expect(await believed(false, refusal)).toEqual({ isNews: false, isNewsAgain: false, leavers: [] })
})

test('P52 a refusal names who has left; what is no account is nobody', () => {
  expect(namedLeavers(leaverKept([member, leaver]))).toEqual([member, leaver])
  const odd = new ProtocolError('CHAT_LEAVER_KEPT', { leaving: `${leaver} nobody  ${leaver}0` })
  expect(namedLeavers(odd)).toEqual([leaver])
  expect(namedLeavers(new ProtocolError('CHAT_LEAVER_KEPT'))).toEqual([])
  expect(namedLeavers(new ProtocolError('CHAT_EPOCH_STALE', { leaving: leaver }))).toEqual([])
})
