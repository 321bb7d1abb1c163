import { createSealer, randomBytes } from '@entangle/crypto'
import { type AccountId, type AccountSummary, LIMITS, readId } from '@entangle/protocol'
import { expect, test } from 'vitest'
import { createMemoryKeyValueStore } from '../src/adapters/memory/index.ts'
import { createPeopleBook, type PeopleRoom } from '../src/people/people-book.ts'
import type { Transaction } from '../src/store/ledger.ts'
import { createSealedStore, record } from '../src/store/sealed-store.ts'
import { createBackground, settle } from './support/background.ts'

const person = (displayName: string): AccountSummary => ({
  accountId: readId<AccountId>(randomBytes(16)),
  handle: displayName.toLowerCase(),
  displayName,
})

/** A directory that the test writes, and what was asked of it. */
function createDirectory() {
  const background = createBackground()
  const accounts = new Map<AccountId, AccountSummary>()
  const questions: AccountId[][] = []
  const records = createSealedStore(createMemoryKeyValueStore(), createSealer(randomBytes(32)), '', 0)
  const ledger: Pick<PeopleRoom['ledger'], 'transact'> = {
    async transact<T>(work: (transaction: Transaction) => T | Promise<T>) {
      const puts = new Map<string, unknown>()
      const actions: (() => void)[] = []
      const part: Pick<Transaction, 'put' | 'afterCommit'> = {
        put: (key, value) => void puts.set(key, value),
        afterCommit: action => void actions.push(action),
      }
      const result = await work(part as Transaction)
      await records.write({ puts: [...puts].map(([key, value]) => record(key, value)) })
      for (const action of actions) action()
      return result
    },
  }
  const calls = {
    call: async (_name: string, { accountIds }: { accountIds: AccountId[] }) => {
      questions.push(accountIds)
      return { accounts: accountIds.flatMap(accountId => accounts.get(accountId) ?? []) }
    },
  }
  const room = { ...background.room, records, ledger, calls } as unknown as PeopleRoom
  return {
    ...background,
    questions,
    put: (account: AccountSummary) => void accounts.set(account.accountId, account),
    drop: ({ accountId }: AccountSummary) => void accounts.delete(accountId),
    open: async () => {
      const book = createPeopleBook(room)
      await book.load()
      return book
    },
  }
}

test('P79 who is not known is asked for once, together with the others, and kept', async () => {
  const directory = createDirectory()
  const book = await directory.open()
  const [ann, bob] = [person('Ann'), person('Bob')]
  for (const each of [ann, bob]) directory.put(each)
  const told: (readonly AccountId[])[] = []
  book.listen(changed => told.push(changed))
  expect(book.describe(ann.accountId)).toEqual({ accountId: ann.accountId, handle: '', displayName: '' })
  book.describe(bob.accountId)
  book.describe(ann.accountId)
  await directory.pass(100)
  expect(directory.questions).toEqual([[ann.accountId, bob.accountId]])
  expect(told).toEqual([[ann.accountId, bob.accountId]])
  expect(book.describe(ann.accountId)).toEqual(ann)
  await directory.pass(1000)
  const again = await directory.open()
  expect(again.describe(bob.accountId)).toEqual(bob)
  await directory.pass(1000)
  expect(directory.questions).toHaveLength(1)
})

test('P79 a name is asked for anew after some hours; who is gone keeps it', async () => {
  const directory = createDirectory()
  const book = await directory.open()
  const ann = person('Ann')
  directory.put(ann)
  await book.read([ann.accountId])
  directory.put({ ...ann, displayName: 'Anna' })
  await directory.pass(7 * 3600 * 1000)
  expect(book.describe(ann.accountId).displayName).toBe('Ann')
  await directory.pass(100)
  expect(book.describe(ann.accountId).displayName).toBe('Anna')
  directory.drop(ann)
  await directory.pass(7 * 3600 * 1000)
  book.want([ann.accountId])
  await directory.pass(100)
  expect(book.get(ann.accountId)).toMatchObject({ displayName: 'Anna', gone: true })
  const stranger = person('Nobody')
  await book.read([stranger.accountId])
  expect(book.describe(stranger.accountId).displayName).toBe('Deleted account')
})

test('P79 a thousand people take ten questions; without a connection they wait', async () => {
  const directory = createDirectory()
  directory.connect(false)
  const book = await directory.open()
  const crowd = Array.from({ length: 1000 }, (_, index) => person(`P${index}`))
  for (const each of crowd) directory.put(each)
  book.want(crowd.map(({ accountId }) => accountId))
  await directory.pass(1000)
  expect(directory.questions).toHaveLength(0)
  directory.connect(true)
  book.connected()
  for (let round = 0; round < 50; round++) await settle()
  expect(directory.questions).toHaveLength(10)
  expect(Math.max(...directory.questions.map(({ length }) => length))).toBe(LIMITS.accountsPerRequest)
  expect(crowd.every(each => book.get(each.accountId)?.displayName === each.displayName)).toBe(true)
})
