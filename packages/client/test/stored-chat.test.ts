import { createSealer } from '@entangle/crypto'
import { type AccountId, type ConversationId, type MessageId, readId } from '@entangle/protocol'
import { expect, test } from 'vitest'
import { createChanges } from '../src/account/changes.ts'
import { createMemoryKeyValueStore } from '../src/adapters/memory/index.ts'
import { createChatBook } from '../src/chats/chat-book.ts'
import {
  type ActiveConversation,
  directChatId,
  newChat,
  newGroupChat,
  type PendingCommit,
} from '../src/chats/chat-record.ts'
import { newGroup } from '../src/groups/group-record.ts'
import { newGroupState } from '../src/groups/state.ts'
import { accountKeys } from '../src/store/keys.ts'
import type { Transaction } from '../src/store/ledger.ts'
import { createSealedStore, record } from '../src/store/sealed-store.ts'

const bytes = (fill: number) => new Uint8Array(16).fill(fill)
const peer = { accountId: readId<AccountId>(bytes(1)), handle: 'peer', displayName: 'Peer' }
const conversationId = readId<ConversationId>(bytes(2))

const commit: PendingCommit = {
  messageId: readId<MessageId>(bytes(3)),
  epoch: 4,
  commit: bytes(5),
  groupInfo: bytes(6),
  welcomes: [],
  snapshot: null,
}

const active = (pending: PendingCommit | null): ActiveConversation => ({
  phase: 'active',
  conversationId,
  cursor: 7,
  keys: [],
  commit: pending,
  updateDueAt: null,
  sweepDueAt: null,
  strangers: [],
})

async function openBook() {
  const records = createSealedStore(createMemoryKeyValueStore(), createSealer(new Uint8Array(32)), 'a/', 1)
  const open = async () => {
    const book = createChatBook(createChanges())
    await book.load(records)
    return book
  }
  const book = await open()
  /** Stages one chat; answers with the keys that were written. */
  const write = async (chat: Parameters<typeof book.stage>[1]): Promise<string[]> => {
    const puts = new Map<string, unknown>()
    const deletes: string[] = []
    const actions: (() => void)[] = []
    const transaction = {
      put: (key: string, value: unknown) => void puts.set(key, value),
      remove: (key: string) => void deletes.push(key),
      afterCommit: (action: () => void) => void actions.push(action),
    }
    book.stage(transaction as unknown as Transaction, chat)
    await records.write({ puts: [...puts].map(([key, value]) => record(key, value)), deletes })
    for (const action of actions) action()
    return [...puts.keys()]
  }
  return { records, open, write }
}

test('a chat of an earlier version is one of two, with its commit as it was', async () => {
  const { records, open } = await openBook()
  const { kind: _, suspect: __, ...chat } = newChat(peer, 'accepted', 1)
  const { sweepDueAt, strangers, ...conversation } = active(commit)
  const { welcomes, snapshot, ...earlierCommit } = commit
  const last = { messageId: commit.messageId, seq: 6, text: 'old', own: false, time: 5 }
  const stored = { ...chat, last, conversation: { ...conversation, commit: earlierCommit } }
  await records.write({ puts: [record(accountKeys.chat(chat.id), stored)] })
  const read = (await open()).get(chat.id)
  expect(read).toMatchObject({ kind: 'direct', suspect: null, last: { from: peer.accountId, notice: null } })
  expect(read?.conversation).toEqual({
    ...conversation,
    commit: { ...commit, welcomes, snapshot },
    sweepDueAt,
    strangers,
  })
})

test('what is large and seldom changes is written only when it changes, and comes back', async () => {
  const { open, write } = await openBook()
  const group = newGroup(newGroupState('Choir'), null)
  const chat = { ...newGroupChat(conversationId, group, 'accepted', 1), conversation: active(commit) }
  const { id } = chat
  expect(await write(chat)).toEqual([
    accountKeys.pendingCommit(id),
    accountKeys.chat(id),
    accountKeys.group(id),
  ])
  expect(await write({ ...chat, unread: 1 })).toEqual([accountKeys.chat(id)])
  expect((await open()).get(id)).toEqual({ ...chat, unread: 1 })
  const after = { ...chat, conversation: active(null) }
  expect(await write(after)).toEqual([accountKeys.chat(id)])
  expect((await open()).get(id)).toEqual(after)
  const renamed = { ...after, group: { ...group, revision: 2 } }
  expect(await write(renamed)).toEqual([accountKeys.chat(id), accountKeys.group(id)])
  expect((await open()).get(id)).toEqual(renamed)
})

test('a chat of two is stored whole', async () => {
  const { open, write } = await openBook()
  const chat = { ...newChat(peer, 'accepted', 1), conversation: active(null) }
  expect(await write(chat)).toEqual([accountKeys.chat(directChatId(peer.accountId))])
  expect((await open()).ofConversation(conversationId)).toEqual(chat)
})
