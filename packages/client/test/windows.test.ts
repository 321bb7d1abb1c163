import { createSealer } from '@entangle/crypto'
import { type MessageId, readId } from '@entangle/protocol'
import { expect, test } from 'vitest'
import { createChanges } from '../src/account/changes.ts'
import type { AccountContext } from '../src/account/context.ts'
import { createMemoryKeyValueStore } from '../src/adapters/memory/index.ts'
import type { TimelineWindow } from '../src/api/engine-api.ts'
import { directChatId, newChat } from '../src/chats/chat-record.ts'
import { createSealedStore, record } from '../src/store/sealed-store.ts'
import { createMessageLog } from '../src/timeline/message-log.ts'
import type { MessageRecord } from '../src/timeline/message-record.ts'
import { createWindows } from '../src/timeline/windows.ts'
import { createBackground, settle } from './support/background.ts'

const accountId = readId<never>(new Uint8Array(16).fill(1))
const peer = { accountId, handle: 'peer', displayName: 'Peer' }
const chatId = directChatId(accountId)
const MINUTE = 60_000

const message = (seq: number, content: MessageRecord['content']): MessageRecord => ({
  seq,
  id: seq.toString(16).padStart(32, '0') as MessageId,
  from: accountId,
  own: false,
  time: 0,
  content,
})
const shut = { kind: 'pending', since: 0, code: 'X', epoch: 1, raw: new Uint8Array() } as const

/** A window over a short history, on a clock that the test moves, in an account of one device. */
async function openWindow(history: readonly MessageRecord[]) {
  const background = createBackground()
  const { room } = background
  const store = createMemoryKeyValueStore()
  const records = createSealedStore(store, createSealer(new Uint8Array(32).fill(7)), 'a/', 0)
  await records.write({
    puts: history.map(each => record(`message/${chatId}/${String(each.seq).padStart(15, '0')}`, each)),
  })
  const changes = createChanges()
  const chat = { ...newChat(peer, 'accepted', 0), tail: history.length }
  let asked = 0
  const context = {
    clock: room.clock,
    changes,
    log: createMessageLog(records, changes),
    self: { accountId: readId(new Uint8Array(16).fill(2)) },
    archive: { mayHold: () => false, askedAt: () => asked },
    chats: { get: () => chat },
    contacts: { get: () => undefined },
    keyChanges: { all: () => [], listen: () => () => undefined },
    outbox: { list: () => [] },
    people: { listen: () => () => undefined, describe: () => peer, get: () => undefined },
  }
  const shown: TimelineWindow[] = []
  const windows = createWindows(context as unknown as AccountContext, window => void shown.push(window))
  await windows.open(chatId, 'latest')
  return {
    windows,
    pass: background.pass,
    /** The archive was asked, in vain. */
    ask: async () => {
      asked = room.clock.now()
      changes.tell({ kind: 'chat', chatId })
      await settle()
    },
    bring: async (came: MessageRecord) => {
      changes.tell({ kind: 'history', chatId, messages: [came] })
      await settle()
    },
    contents: () =>
      shown.at(-1)?.rows.map(({ content }) => (content.kind === 'pending' ? content.state : content.kind)),
  }
}

test('P68 a row that does not open says by itself how it stands, and is whole when it is brought', async () => {
  const at = await openWindow([message(1, { kind: 'text', text: 'a' }), message(2, shut), message(3, shut)])
  expect(at.contents()).toEqual(['text', 'waiting', 'waiting'])
  await at.pass(9_999)
  expect(at.contents()).toEqual(['text', 'waiting', 'waiting'])
  await at.pass(1)
  expect(at.contents()).toEqual(['text', 'repairing', 'repairing'])
  await at.bring(message(2, { kind: 'text', text: 'b' }))
  expect(at.contents()).toEqual(['text', 'text', 'repairing'])
  await at.pass(10 * MINUTE)
  expect(at.contents()).toEqual(['text', 'text', 'repairing'])
  await at.ask()
  expect(at.contents()).toEqual(['text', 'text', 'lost'])
  await at.bring(message(3, { kind: 'text', text: 'c' }))
  expect(at.contents()).toEqual(['text', 'text', 'text'])
  at.windows.stop()
})
