import { type Crypto, createSuccession, randomBytes } from '@entangle/crypto'
import { type AccountId, idToBytes, type MessageId, readId } from '@entangle/protocol'
import { expect, test } from 'vitest'
import type { AccountContext } from '../src/account/context.ts'
import { DEFAULT_TIMING } from '../src/account/timing.ts'
import { createStamps } from '../src/account-state/stamps.ts'
import type { StateEntry, StateValue } from '../src/account-state/state-entry.ts'
import { stateNames } from '../src/account-state/state-names.ts'
import { loadNodeCrypto } from '../src/adapters/node/index.ts'
import type { TimelineRow } from '../src/api/engine-api.ts'
import { directChatId, newChat } from '../src/chats/chat-record.ts'
import { createAcceptances } from '../src/identity/acceptances.ts'
import type { ContactRecord } from '../src/identity/contact-book.ts'
import { createKeyChanges, type KeyChange, stageKeyChange } from '../src/identity/key-changes.ts'
import { markOf } from '../src/identity/trust.ts'
import type { Transaction } from '../src/store/ledger.ts'
import { withChanges } from '../src/timeline/change-rows.ts'
import { settle } from './support/background.ts'

const id = (): never => readId<never>(randomBytes(16))
const accountId: AccountId = id()

/** The account state of one device, without a server. */
function createState() {
  const entries = new Map<string, StateValue>()
  const listeners = new Set<() => void>()
  const stamps = createStamps(() => 0)
  return {
    stamps,
    read: (name: string) => entries.get(name),
    names: (prefix: string) => [...entries.keys()].filter(name => name.startsWith(prefix)),
    stage(_: Transaction, name: string, value: StateValue): void {
      entries.set(name, value)
      for (const listener of listeners) listener()
    },
    listen(listener: () => void): () => void {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

const row = (time: number): TimelineRow => ({
  messageId: id() as MessageId,
  seq: time,
  sender: accountId,
  own: false,
  time,
  content: { kind: 'text', text: String(time) },
  delivery: null,
  failure: null,
})
const change = (at: number, signed = true): KeyChange => ({
  accountId,
  mark: String(at).repeat(64).slice(0, 64),
  at,
  signed,
})
const outline = (rows: readonly TimelineRow[]) =>
  rows.map(({ time, content }) => (content.kind === 'notice' ? `* ${time}` : time))

test('P37 a changed identity is told where its time is, once, and not outside what is shown', () => {
  const rows = [10, 20, 30].map(row)
  expect(outline(withChanges(rows, [change(25), change(15)], false))).toEqual([10, '* 15', 20, '* 25', 30])
  expect(outline(withChanges(rows, [change(40)], false))).toEqual([10, 20, 30, '* 40'])
  expect(outline(withChanges(rows, [change(40)], true))).toEqual([10, 20, 30])
  expect(outline(withChanges(rows, [change(5)], false))).toEqual([10, 20, 30])
  expect(outline(withChanges([], [change(5)], false))).toEqual([])
  const [, told] = withChanges(rows, [change(15, false)], false)
  expect(told).toMatchObject({
    seq: null,
    sender: accountId,
    content: { kind: 'notice', notice: { kind: 'identity-changed', person: accountId, signed: false } },
  })
})

test('P30 a change is told once by all devices, with the word of the key before where there is one', async () => {
  const crypto: Crypto = await loadNodeCrypto()
  const [first, second, third] = [1, 2, 3].map(() => crypto.createAccountKey())
  if (first === undefined || second === undefined || third === undefined) throw new Error('no keys')
  const fields = { accountId: idToBytes(accountId), number: 1, newKey: second.publicKey }
  const statement = createSuccession(crypto, first, fields)
  const record = (accountKey: Uint8Array, successions: readonly Uint8Array[] = []): ContactRecord => ({
    accountId,
    accountKey,
    deviceList: new Uint8Array(),
    certificates: [],
    successions,
    pinnedAt: 0,
  })
  const state = createState()
  let now = 100
  const context = { clock: { now: () => now }, crypto, state } as unknown as AccountContext
  const changes = createKeyChanges(context)
  let told = 0
  changes.listen(() => (told += 1))
  const transaction = {} as Transaction
  stageKeyChange(context, transaction, record(first.publicKey), record(second.publicKey, [statement]))
  now = 200
  stageKeyChange(context, transaction, record(first.publicKey), record(second.publicKey, [statement]))
  stageKeyChange(context, transaction, record(second.publicKey), record(third.publicKey))
  const seen = changes.all().map(({ at, signed, mark }) => [at, signed, mark])
  expect(seen).toEqual([
    [100, true, markOf(second.publicKey)],
    [200, false, markOf(third.publicKey)],
  ])
  expect(told).toBe(2)
  expect(createKeyChanges(context).all()).toEqual(changes.all())
})

/** A device that has pinned a key, warned of another, with a directory that names yet another. */
function createWarned(pinned: Uint8Array, directory: Uint8Array, formerKeys: readonly Uint8Array[] = []) {
  const asked: string[] = []
  const staged: string[] = []
  const peer = { accountId, handle: 'peer', displayName: 'Peer' }
  const chat = { ...newChat(peer, 'accepted', 0), warning: 'identity-changed' as const, suspect: accountId }
  const record = { accountId, accountKey: pinned, formerKeys }
  const state = createState()
  const context = {
    state,
    self: { accountId: id() },
    timing: DEFAULT_TIMING,
    sender: { isReady: () => true, control: () => false },
    diagnostics: { note: (code: string) => void staged.push(code) },
    contacts: {
      recordOf: () => record,
      get: () => ({ record, list: { version: 1, entries: [] } }),
      stage: () => undefined,
    },
    chats: {
      all: () => [chat],
      stage: (_: unknown, next: typeof chat) => void staged.push(String(next.warning)),
    },
    calls: {
      call: async (name: string) => {
        asked.push(name)
        return { accountKey: directory, deviceList: new Uint8Array(), certificates: [] }
      },
    },
  }
  const woken: string[] = []
  const acceptances = createAcceptances(
    context as unknown as AccountContext,
    chatId => void woken.push(chatId),
  )
  return {
    asked,
    staged,
    woken,
    /** A sibling's word has come. */
    async hear(mark: StateValue) {
      const actions: (() => void)[] = []
      const transaction = {
        afterCommit: (action: () => void) => actions.push(action),
      } as unknown as Transaction
      const value = { key: mark, at: 1 }
      const entry: StateEntry = { name: stateNames.accepted(accountId), value, stamp: 1, deviceId: id() }
      acceptances.apply(transaction, [entry])
      state.stage(transaction, entry.name, value)
      for (const action of actions) action()
      await settle()
    },
  }
}

test('P37 what a sibling accepts ends the warning about that very identity, and about no other', async () => {
  const [pinned, named, other] = [randomBytes(1984), randomBytes(1984), randomBytes(1984)]
  const one = createWarned(pinned, named)
  await one.hear(markOf(pinned))
  expect([one.staged, one.woken, one.asked]).toEqual([['null'], [directChatId(accountId)], []])

  const two = createWarned(pinned, named)
  await two.hear(markOf(other))
  expect([two.staged, two.woken, two.asked]).toEqual([[], [], ['readIdentity']])

  const three = createWarned(pinned, named, [Uint8Array.from(Buffer.from(markOf(other), 'hex'))])
  await three.hear(markOf(other))
  expect([three.staged, three.woken, three.asked]).toEqual([[], [], []])

  for (const nonsense of [null, 7, '', { key: 1 }]) {
    const four = createWarned(pinned, named)
    await four.hear(nonsense as StateValue)
    expect([four.staged, four.woken]).toEqual([[], []])
  }
})
