import { createSealer, randomBytes } from '@entangle/crypto'
import { type AccountId, type MessageId, readId } from '@entangle/protocol'
import { expect, test } from 'vitest'
import { createChanges } from '../src/account/changes.ts'
import type { AccountContext } from '../src/account/context.ts'
import { createMemoryKeyValueStore } from '../src/adapters/memory/index.ts'
import { type ChatRecord, newGroupChat } from '../src/chats/chat-record.ts'
import { settleEarlier } from '../src/conversations/settling.ts'
import { newGroup } from '../src/groups/group-record.ts'
import { newGroupState, STATE_REQUEST } from '../src/groups/state.ts'
import { createOutboxBook } from '../src/outbox/outbox-book.ts'
import type { Transaction } from '../src/store/ledger.ts'
import { createSealedStore, record } from '../src/store/sealed-store.ts'
import { createMessageLog } from '../src/timeline/message-log.ts'

const newId = (): MessageId => readId(randomBytes(16))
const accountId: AccountId = readId(randomBytes(16))

const place = (cursor: number) => ({ phase: 'active', conversationId: 'c', cursor })

async function comeInAnew(conversation: object) {
  const records = createSealedStore(createMemoryKeyValueStore(), createSealer(randomBytes(32)), '', 0)
  const changes = createChanges()
  const outbox = createOutboxBook(changes)
  const log = createMessageLog(records, changes)
  const group = newGroup(newGroupState('Choir'), null)
  const founded = newGroupChat('c'.repeat(32) as never, group, 'accepted', 0)
  let chat = {
    ...founded,
    conversation,
  } as unknown as ChatRecord
  const transact = async <T>(work: (transaction: Transaction) => T | Promise<T>): Promise<T> => {
    const puts = new Map<string, unknown>()
    const actions: (() => void)[] = []
    const part: Pick<Transaction, 'put' | 'remove' | 'afterCommit'> = {
      put: (key, value) => void puts.set(key, value),
      remove: key => void puts.delete(key),
      afterCommit: action => void actions.push(action),
    }
    const done = await work(part as Transaction)
    await records.write({ puts: [...puts].map(([key, value]) => record(key, value)) })
    for (const action of actions) action()
    return done
  }
  const context = {
    self: { accountId },
    clock: { now: () => 0 },
    outbox,
    log,
    ledger: { transact },
    archive: { stage: () => undefined },
    chats: {
      get: () => chat,
      stage: (_: Transaction, next: ChatRecord) => {
        chat = next
      },
    },
  } as unknown as AccountContext
  const write = (messageId: MessageId, content: { kind: 'text'; text: string } | typeof STATE_REQUEST) =>
    transact(transaction => outbox.stageNew(transaction, chat.id, [{ messageId, content }], 1))
  return {
    write,
    accept: (id: MessageId, seq: number) => outbox.accept(chat.id, id, { seq, time: 7 }),
    settle: () => settleEarlier(context, chat.id),
    waiting: () => outbox.list(chat.id).map(({ content }) => content),
    shown: async () =>
      (await log.before(chat.id, null, 10)).messages.map(({ seq, content }) => [seq, content]),
    last: () => chat.last?.text,
  }
}

test('P64 what was accepted before this device came in anew is shown at its place, and waits no more', async () => {
  const device = await comeInAnew(place(20))
  const [early, late, change] = [newId(), newId(), newId()]
  const text = (word: string) => ({ kind: 'text', text: word }) as const
  await device.write(early, text('early'))
  await device.write(late, text('late'))
  expect(await device.settle()).toBe(false)
  device.accept(early, 12)
  device.accept(late, 21)
  expect(await device.settle()).toBe(true)
  expect(await device.shown()).toEqual([[12, text('early')]])
  expect(device.last()).toBe('early')
  // The log brings what comes after.
  expect(device.waiting()).toEqual([text('late')])
  expect(await device.settle()).toBe(false)
  await device.write(change, { kind: 'group-change', name: 'Octet' } as never)
  device.accept(change, 13)
  expect(await device.settle()).toBe(true)
  expect(device.waiting()).toEqual([text('late'), STATE_REQUEST])
})

test('P64 what was accepted before this device was put out for good is shown, and does not fail', async () => {
  const device = await comeInAnew({ phase: 'ended', conversationId: 'c' })
  const [heard, unheard] = [newId(), newId()]
  await device.write(heard, { kind: 'text', text: 'heard' })
  await device.write(unheard, { kind: 'text', text: 'unheard' })
  device.accept(heard, 12)
  expect(await device.settle()).toBe(true)
  expect(await device.shown()).toEqual([[12, { kind: 'text', text: 'heard' }]])
  expect(device.waiting()).toEqual([{ kind: 'text', text: 'unheard' }])
})
