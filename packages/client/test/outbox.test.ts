import { createSealer, randomBytes } from '@entangle/crypto'
import { type MessageId, readId } from '@entangle/protocol'
import { expect, test } from 'vitest'
import { createChanges } from '../src/account/changes.ts'
import { createMemoryKeyValueStore } from '../src/adapters/memory/index.ts'
import type { ChatId } from '../src/api/engine-api.ts'
import { requeue } from '../src/outbox/acknowledging.ts'
import { createOutboxBook } from '../src/outbox/outbox-book.ts'
import { isText, type OutboxContent, type OutboxState } from '../src/outbox/outbox-entry.ts'
import { accountKeys } from '../src/store/keys.ts'
import type { Transaction } from '../src/store/ledger.ts'
import { createSealedStore, record } from '../src/store/sealed-store.ts'

const chatId = 'group-1' as ChatId
const id = (): MessageId => readId(randomBytes(16))

async function open(stored: readonly { place: number; entry: unknown }[]) {
  const records = createSealedStore(createMemoryKeyValueStore(), createSealer(randomBytes(32)), '', 0)
  await records.write({
    puts: stored.map(({ place, entry }) => record(accountKeys.outbox(chatId, place), entry)),
  })
  const book = createOutboxBook(createChanges())
  await book.load(records)
  return { book, records }
}

test('what an earlier version has queued is a text like any other', async () => {
  const earlier = { chatId, place: 4, messageId: id(), createdAt: 1, state: { kind: 'queued' } }
  const { book } = await open([{ place: 4, entry: { ...earlier, text: 'still here' } }])
  expect(book.list(chatId)).toEqual([{ ...earlier, content: { kind: 'text', text: 'still here' } }])
})

test('texts and changes of a group wait in the order in which they were made', async () => {
  const { book, records } = await open([])
  const contents: OutboxContent[] = [
    { kind: 'text', text: 'before' },
    { kind: 'group-change', name: 'Choir' },
    { kind: 'group-change', topic: 'Tuesdays' },
    { kind: 'text', text: 'after' },
  ]
  const stage = async (added: readonly OutboxContent[]) => {
    const puts = new Map<string, unknown>()
    const actions: (() => void)[] = []
    const part: Pick<Transaction, 'put' | 'afterCommit'> = {
      put: (key, value) => void puts.set(key, value),
      afterCommit: action => void actions.push(action),
    }
    const messages = added.map(content => ({ messageId: id(), content }))
    book.stageNew(part as Transaction, chatId, messages, 7)
    await records.write({ puts: [...puts].map(([key, value]) => record(key, value)) })
    for (const action of actions) action()
  }
  await stage(contents.slice(0, 1))
  await stage(contents.slice(1))
  expect(book.list(chatId).map(entry => entry.content)).toEqual(contents)
  expect(book.list(chatId).filter(isText)).toHaveLength(2)
  const again = createOutboxBook(createChanges())
  await again.load(records)
  expect(again.list(chatId)).toEqual(book.list(chatId))
})

test('P61 a refusal that comes twice is not one of the ciphertext that was made after it', async () => {
  const messageId = id()
  const sealedIn = (epoch: number): OutboxState => ({
    kind: 'sealed',
    sealed: { conversationId: id() as never, epoch, counter: 1, body: randomBytes(9) },
  })
  const content = { kind: 'text', text: 'hello' }
  const transaction = { put: () => undefined, afterCommit: (action: () => void) => action() }
  const ledger = { transact: async (work: (part: unknown) => unknown) => work(transaction) }
  const stateAfter = async (state: OutboxState) => {
    const { book } = await open([
      { place: 1, entry: { chatId, place: 1, messageId, createdAt: 1, content, state } },
    ])
    await requeue({ outbox: book, ledger: ledger as never }, chatId, { messageId, seq: 9 })
    return book.find(chatId, messageId)?.state.kind
  }
  expect(await stateAfter(sealedIn(8))).toBe('queued')
  expect(await stateAfter(sealedIn(9))).toBe('sealed')
})
