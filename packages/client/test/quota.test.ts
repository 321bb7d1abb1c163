import { type ArchiveKeys, createSealer, type DeviceState, randomBytes } from '@entangle/crypto'
import { type ConversationId, type MessageId, ProtocolError, readId } from '@entangle/protocol'
import { expect, test } from 'vitest'
import { createChanges } from '../src/account/changes.ts'
import { createAccountState } from '../src/account-state/account-state.ts'
import { createMemoryKeyValueStore } from '../src/adapters/memory/index.ts'
import { createArchiveCodec } from '../src/archive/archive-codec.ts'
import { type ArchiveRoom, readPending, stagePending } from '../src/archive/pending.ts'
import { createUploader } from '../src/archive/uploader.ts'
import { directChatId, newChat } from '../src/chats/chat-record.ts'
import { createLedger } from '../src/store/ledger.ts'
import { createSealedStore } from '../src/store/sealed-store.ts'
import { createMessageLog } from '../src/timeline/message-log.ts'
import { createBackground } from './support/background.ts'

const id = (): never => readId<never>(randomBytes(16))
const KEYS: ArchiveKeys = [{ version: 1, key: new Uint8Array(32).fill(3) }]
const HOUR = 3600_000

type Written = { readonly entries?: readonly unknown[]; readonly records?: readonly unknown[] }

/** A device whose server counts what it takes and has room for so many things. */
function createDevice() {
  const background = createBackground()
  const sealed = createSealedStore(
    createMemoryKeyValueStore(),
    createSealer(new Uint8Array(32).fill(7)),
    'a/',
    0,
  )
  const mls = { takeChanges: () => [], accept: () => undefined, discard: () => undefined }
  const ledger = createLedger({
    records: sealed,
    mls: mls as unknown as DeviceState,
    broken: error => expect(error).toBeUndefined(),
  })
  const server = { room: 0, taken: 0, refusals: 0 }
  const held = new Set<string>()
  const call = async (name: string, input: Written): Promise<unknown> => {
    if (name === 'readAccountState') return { entries: [], revision: 0, hasMore: false }
    const added = (input.entries ?? []).filter(entry => !held.has(keyOf(entry)))
    const more = name === 'writeArchive' ? (input.records?.length ?? 0) : added.length
    if (more > server.room) {
      server.refusals += 1
      throw new ProtocolError(name === 'writeArchive' ? 'CHAT_ARCHIVE_FULL' : 'CHAT_STATE_FULL')
    }
    server.room -= more
    server.taken += (input.records ?? input.entries ?? []).length
    for (const entry of added) held.add(keyOf(entry))
    return { revision: 0 }
  }
  const room = {
    ...background.room,
    archiveKeys: () => KEYS,
    calls: { call },
    ledger,
    records: sealed,
    log: createMessageLog(sealed, createChanges()),
    chats: { all: () => [] },
    self: { accountId: id(), deviceId: id() },
  }
  return { ...background, room: room as unknown as ArchiveRoom, server }
}
const keyOf = (entry: unknown): string => Buffer.from((entry as { key: Uint8Array }).key).toString('hex')

test('P38 history that finds no room stays here, and goes when there is room', async () => {
  const { room, server, pass, notes } = createDevice()
  const { accountId } = room.self
  const conversationId: ConversationId = id()
  const chat = newChat({ accountId, handle: 'peer', displayName: 'Peer' }, 'accepted', 0)
  const chatId = directChatId(accountId)
  const uploader = createUploader(
    room,
    createArchiveCodec(accountId, () => KEYS),
  )
  const say = (seq: number) =>
    room.ledger.transact(async transaction => {
      const message = {
        ...{ seq, id: id() as MessageId, from: accountId, own: true, time: 0 },
        content: { kind: 'text', text: 'hello' } as const,
      }
      await room.log.append(transaction, chat, [message])
      stagePending(transaction, conversationId, chatId, [message])
      transaction.afterCommit(uploader.wake)
    })
  const waiting = async () => (await readPending(room.records, 10))?.seqs ?? []

  await say(1)
  await pass(2_000)
  expect([uploader.quota.isFull(), await waiting(), notes]).toEqual([true, [1], ['ARCHIVE_FULL']])
  server.room = 5
  await say(2)
  await pass(2_000)
  // A full server is not asked with every message.
  expect([server.refusals, await waiting()]).toEqual([1, [1, 2]])
  await pass(HOUR)
  expect([uploader.quota.isFull(), await waiting(), server.taken]).toEqual([false, [], 2])
  uploader.stop()
})

test('P39 settings that find no room stay here; what the server has is still kept in step', async () => {
  const { room, server, pass } = createDevice()
  const state = createAccountState(room)
  server.room = 1
  await state.write('draft/one', 'a')
  await pass(1_000)
  expect([state.quota.isFull(), server.taken]).toEqual([false, 1])
  await state.write('draft/two', 'b')
  await pass(1_000)
  expect([state.quota.isFull(), server.taken, state.read('draft/two')]).toEqual([true, 1, 'b'])
  await state.write('draft/one', 'c')
  await pass(1_000)
  expect([state.quota.isFull(), server.taken, server.refusals]).toEqual([true, 2, 1])
  server.room = 1
  await pass(HOUR)
  expect([state.quota.isFull(), server.taken, server.refusals]).toEqual([false, 3, 1])
  state.stop()
})
