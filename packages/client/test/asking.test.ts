import { randomBytes } from '@entangle/crypto'
import { type AccountId, readId } from '@entangle/protocol'
import { expect, test } from 'vitest'
import type { AccountContext } from '../src/account/context.ts'
import { newGroupChat } from '../src/chats/chat-record.ts'
import { createStateAsking } from '../src/groups/asking.ts'
import { newGroup } from '../src/groups/group-record.ts'
import { newGroupState } from '../src/groups/state.ts'

const self: AccountId = readId(randomBytes(16))
const other: AccountId = readId(randomBytes(16))

test('P77 who came back asks until somebody who is believed has answered, and ever less often', async () => {
  let now = 0
  const sent: number[] = []
  const context = {
    clock: { now: () => now, random: () => 0 },
    ledger: { transact: async (work: (part: unknown) => unknown) => work(undefined) },
    outbox: { stageNew: () => void sent.push(now) },
    timing: { stateRequest: { min: 10, max: 10 } },
  } as unknown as AccountContext
  const asking = createStateAsking(context, () => undefined)
  const chatWith = (members: AccountId[], mayBeOutdated: boolean) => {
    const group = { ...newGroup(newGroupState('Choir'), null), members, mayBeOutdated }
    return newGroupChat('c'.repeat(32) as never, group, 'accepted', 0)
  }
  const pass = async (members: AccountId[], mayBeOutdated: boolean) => {
    const before = sent.length
    for (const until = now + 75; now < until; now++) await asking.step(chatWith(members, mayBeOutdated))
    return sent.length - before
  }
  expect(await pass([self, other], true)).toBe(3)
  expect(sent).toEqual([10, 30, 70])
  expect(await pass([self, other], false)).toBe(0)
  expect(await pass([self], true)).toBe(0)
})
