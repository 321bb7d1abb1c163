import { createSealer } from '@entangle/crypto'
import { idToBytes, type MessageId, readId } from '@entangle/protocol'
import { expect, test } from 'vitest'
import { createChanges } from '../src/account/changes.ts'
import { createMemoryKeyValueStore } from '../src/adapters/memory/index.ts'
import { directChatId, newChat } from '../src/chats/chat-record.ts'
import type { KeyValueStore } from '../src/ports/key-value-store.ts'
import type { Transaction } from '../src/store/ledger.ts'
import { createSealedStore, record, type SealedStore } from '../src/store/sealed-store.ts'
import { createMessageLog, SEGMENT_MESSAGES } from '../src/timeline/message-log.ts'
import type { MessageRecord } from '../src/timeline/message-record.ts'

const accountId = readId<never>(new Uint8Array(16).fill(1))
const peer = { accountId, handle: 'peer', displayName: 'Peer' }
const chatId = directChatId(accountId)

const message = (seq: number): MessageRecord => ({
  seq,
  id: seq.toString(16).padStart(32, '0') as MessageId,
  from: accountId,
  own: seq % 3 === 0,
  time: seq,
  content: { kind: 'text', text: `text ${seq}` },
})

/** A transaction without MLS, written at its end. */
async function write(records: SealedStore, work: (transaction: Transaction) => Promise<void>): Promise<void> {
  const puts = new Map<string, unknown>()
  const clears: { from: string; to: string }[] = []
  const actions: (() => void)[] = []
  const unused = () => {
    throw new Error('not used here')
  }
  await work({
    mls: undefined as never,
    openGroup: unused,
    adopt: unused,
    put: (key, value) => void puts.set(key, value),
    remove: unused,
    clear: range => void clears.push(range),
    afterCommit: action => void actions.push(action),
  })
  await records.write({ clears, puts: [...puts].map(([key, value]) => record(key, value)) })
  for (const action of actions) action()
}

async function fill(count: number, batch: number) {
  const store = createMemoryKeyValueStore()
  let read = 0
  const counting: KeyValueStore = {
    ...store,
    scan: async (range, options) => {
      const found = await store.scan(range, options)
      read += found.length
      return found
    },
  }
  const records = createSealedStore(counting, createSealer(new Uint8Array(32).fill(7)), 'a/', 0)
  const log = createMessageLog(records, createChanges())
  let chat = newChat(peer, 'accepted', 0)
  // Numbers have gaps where commits stand.
  const seqs = Array.from({ length: count }, (_, index) => index * 2 + 1)
  for (let at = 0; at < count; at += batch) {
    const messages = seqs.slice(at, at + batch).map(message)
    await write(records, async transaction => {
      chat = { ...chat, tail: await log.append(transaction, chat, messages) }
    })
  }
  read = 0
  return { log, seqs, chat, reads: () => read }
}

test('the newest messages come from the short tail, and only what is needed is read', async () => {
  const { log, seqs, chat, reads } = await fill(2_000, 10)
  expect(chat.tail).toBeLessThan(SEGMENT_MESSAGES + 80)
  const page = await log.before(chatId, null, 50)
  expect(page.messages.map(({ seq }) => seq)).toEqual(seqs.slice(-50))
  expect(page.more).toBe(true)
  expect(reads()).toBeLessThanOrEqual(52)
})

test('paging backwards and forwards sees every message once, across segments', async () => {
  for (const [count, batch] of [
    [1_337, 7],
    [320, 64],
    [256, 1],
    [3, 1],
    [0, 1],
  ] as const) {
    const { log, seqs } = await fill(count, batch)
    const back: number[] = []
    let edge: number | null = null
    for (;;) {
      const page: Awaited<ReturnType<typeof log.before>> = await log.before(chatId, edge, 60)
      back.unshift(...page.messages.map(({ seq }) => seq))
      edge = page.messages[0]?.seq ?? 0
      if (!page.more) break
    }
    expect(back).toEqual(seqs)
    const forth: number[] = []
    for (let from = 0; ; ) {
      const page = await log.after(chatId, from, 60)
      forth.push(...page.messages.map(({ seq }) => seq))
      from = page.messages.at(-1)?.seq ?? from
      if (!page.more) break
    }
    expect(forth).toEqual(seqs)
  }
})

test('counts what others wrote after a place', async () => {
  const { log, seqs } = await fill(900, 50)
  const place = seqs[100] ?? 0
  const expected = seqs.filter(seq => seq > place && seq % 3 !== 0).length
  expect(await log.countUnread(chatId, place)).toBe(expected)
})

test('knows the newest ids, for a server that repeats itself', async () => {
  const { log, seqs } = await fill(300, 50)
  const last = message(seqs.at(-1) ?? 0)
  expect(await log.isRepeated(chatId, last)).toBe(true)
  expect(await log.isRepeated(chatId, { ...last, id: readId(idToBytes('ff'.repeat(16))) })).toBe(false)
})

test('older messages take their place: below, between, inside a segment, in the tail; none twice', async () => {
  const store = createMemoryKeyValueStore()
  const records = createSealedStore(store, createSealer(new Uint8Array(32).fill(7)), 'a/', 0)
  const log = createMessageLog(records, createChanges())
  let chat = newChat(peer, 'accepted', 0)
  const append = (seqs: readonly number[]) =>
    write(records, async transaction => {
      chat = { ...chat, tail: await log.append(transaction, chat, seqs.map(message)) }
    })
  const insert = (seqs: readonly number[]) =>
    write(records, async transaction => {
      const { tail } = await log.insert(transaction, chat, seqs.map(message))
      chat = { ...chat, tail }
    })
  const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index)
  const seen = async (page: number) => {
    const found: number[] = []
    for (let edge: number | null = null; ; ) {
      const { messages, more }: Awaited<ReturnType<typeof log.before>> = await log.before(chatId, edge, page)
      found.unshift(...messages.map(({ seq }) => seq))
      edge = messages[0]?.seq ?? 0
      if (!more) return found
    }
  }
  const expected = new Set<number>()
  const check = async (...seqs: readonly (readonly number[])[]) => {
    for (const seq of seqs.flat()) expected.add(seq)
    const all = [...expected].sort((one, other) => one - other)
    expect(await seen(37)).toEqual(all)
    const forth: number[] = []
    for (let from = 0; ; ) {
      const { messages, more } = await log.after(chatId, from, 41)
      forth.push(...messages.map(({ seq }) => seq))
      from = messages.at(-1)?.seq ?? from
      if (!more) break
    }
    expect(forth).toEqual(all)
  }

  await append([1_000, 1_001])
  await insert(range(700, 900))
  await check([1_000, 1_001], range(700, 900))
  await insert(range(500, 710))
  await check(range(500, 700))
  // A resync: events are missing while the tail goes on; then the tail folds over the hole.
  await insert([905, 910])
  await check([905, 910])
  await append(range(1_100, 1_200))
  await insert(range(1_002, 1_050))
  await check(range(1_100, 1_200), range(1_002, 1_050))
  await append(range(1_300, 1_700))
  await insert(range(1_050, 1_100))
  await check(range(1_300, 1_700), range(1_050, 1_100))
  await insert(range(1_200, 1_300))
  await check(range(1_200, 1_300))
  await insert(range(400, 1_800))
  await check(range(400, 1_800))
  await append(range(1_800, 2_400))
  await check(range(1_800, 2_400))
})

test('P68 what did not open is read once it comes, in a segment and in the tail, and no other changes', async () => {
  const store = createMemoryKeyValueStore()
  const records = createSealedStore(store, createSealer(new Uint8Array(32).fill(7)), 'a/', 0)
  const log = createMessageLog(records, createChanges())
  let chat = newChat(peer, 'accepted', 0)
  const shut = (seq: number): MessageRecord => ({
    ...message(seq),
    content: { kind: 'pending', since: 0, code: 'X', epoch: 1, raw: new Uint8Array() },
  })
  const isShut = (seq: number) => [7, 8, 399].includes(seq)
  const all = Array.from({ length: 400 }, (_, index) => (isShut(index + 1) ? shut : message)(index + 1))
  for (const batch of [all.slice(0, 300), all.slice(300)]) {
    await write(records, async transaction => {
      chat = { ...chat, tail: await log.append(transaction, chat, batch) }
    })
  }
  expect(chat.tail).toBeLessThan(400)
  const other = { ...message(9), content: { kind: 'text', text: 'another' } } as const
  await write(records, async transaction => {
    const came = await log.insert(transaction, chat, [message(7), other, message(399)])
    expect(came).toEqual({ inserted: [], tail: chat.tail })
  })
  const { messages } = await log.before(chatId, null, 400)
  expect(messages).toEqual(all.map(each => (each.seq === 8 ? each : message(each.seq))))
})
