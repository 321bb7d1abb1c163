import { decodeCbor } from '@entangle/protocol'
import type { Changes } from '../account/changes.ts'
import type { ChatId } from '../api/engine-api.ts'
import type { ChatRecord } from '../chats/chat-record.ts'
import { prefixRange } from '../ports/key-value-store.ts'
import { accountKeys } from '../store/keys.ts'
import type { Transaction } from '../store/ledger.ts'
import type { SealedStore } from '../store/sealed-store.ts'
import { countsAsUnread, type MessageRecord } from './message-record.ts'

/** Messages in one sealed segment: opening and storing many at once is 10 times as fast as singly. */
export const SEGMENT_MESSAGES = 256
/** The tail grows by this much beyond a segment before it is folded, so that folding is rare. */
const TAIL_SLACK = 64
const SEGMENTS_IN_MEMORY = 8
/** Beyond every sequence number, within the digits of a key. */
const LAST_SEQ = 1e15 - 2

/** Oldest first. */
export type MessagePage = { readonly messages: readonly MessageRecord[]; readonly more: boolean }

const asMessage = (value: unknown) => value as MessageRecord
const asSegment = (value: Uint8Array) => decodeCbor(value) as readonly MessageRecord[]

const recentKey = (message: Pick<MessageRecord, 'from' | 'id'>) => `${message.from}/${message.id}`

/** The history of every chat: sealed segments, then a short tail sealed singly. */
export function createMessageLog(records: SealedStore, changes: Changes) {
  const cache = new Map<string, readonly MessageRecord[]>()
  const recent = new Map<ChatId, Set<string>>()

  const remember = (key: string, messages: readonly MessageRecord[]) => {
    cache.delete(key)
    cache.set(key, messages)
    for (const oldest of cache.keys()) {
      if (cache.size <= SEGMENTS_IN_MEMORY) break
      cache.delete(oldest)
    }
  }

  const neighbour = async (from: string, to: string, reverse: boolean) => {
    const [entry] = await records.scan({ from, to }, { limit: 1, reverse })
    if (entry === undefined) return undefined
    const messages = cache.get(entry.key) ?? asSegment(entry.value)
    remember(entry.key, messages)
    return { key: entry.key, messages }
  }

  /** The newest segment that begins before `seq`. */
  const segmentBefore = (chatId: ChatId, seq: number) =>
    neighbour(accountKeys.segments(chatId), accountKeys.segment(chatId, seq), true)

  /** The oldest segment that begins after `seq`. */
  const segmentAfter = (chatId: ChatId, seq: number) =>
    neighbour(accountKeys.segment(chatId, seq + 1), prefixRange(accountKeys.segments(chatId)).to, false)

  const tailOf = async (chatId: ChatId, from: number, to: number | null, limit: number, reverse: boolean) => {
    const end = to === null ? prefixRange(accountKeys.messages(chatId)).to : accountKeys.message(chatId, to)
    const found = await records.scan({ from: accountKeys.message(chatId, from), to: end }, { limit, reverse })
    return found.map(entry => asMessage(decodeCbor(entry.value)))
  }

  /** Up to `count` messages just before `seq` (null: the newest). */
  const before = async (chatId: ChatId, seq: number | null, count: number): Promise<MessagePage> => {
    const newestFirst = await tailOf(chatId, 0, seq, count + 1, true)
    let edge = newestFirst.at(-1)?.seq ?? seq ?? LAST_SEQ
    while (newestFirst.length <= count) {
      const segment = await segmentBefore(chatId, edge)
      if (segment === undefined) break
      for (const message of segment.messages.toReversed()) if (message.seq < edge) newestFirst.push(message)
      edge = segment.messages[0]?.seq ?? 0
    }
    return { messages: newestFirst.slice(0, count).reverse(), more: newestFirst.length > count }
  }

  /** Up to `count` messages just after `seq`. */
  const after = async (chatId: ChatId, seq: number, count: number): Promise<MessagePage> => {
    const found: MessageRecord[] = []
    let segment = await segmentBefore(chatId, seq + 1)
    segment ??= await segmentAfter(chatId, seq)
    while (segment !== undefined && found.length <= count) {
      for (const message of segment.messages) if (message.seq > seq) found.push(message)
      segment = await segmentAfter(chatId, segment.messages[0]?.seq ?? seq)
    }
    if (found.length <= count) {
      found.push(...(await tailOf(chatId, seq + 1, null, count + 1 - found.length, false)))
    }
    return { messages: found.slice(0, count), more: found.length > count }
  }

  /** Ids of the newest messages, so that one message is not shown twice whatever the server repeats. */
  const recentOf = async (chatId: ChatId): Promise<Set<string>> => {
    const known = recent.get(chatId)
    if (known !== undefined) return known
    const { messages } = await before(chatId, null, SEGMENT_MESSAGES)
    const ids = new Set(messages.map(message => recentKey(message)))
    recent.set(chatId, ids)
    return ids
  }

  const fold = async (transaction: Transaction, chat: ChatRecord): Promise<number> => {
    const oldest = await tailOf(chat.id, 0, null, SEGMENT_MESSAGES, false)
    const first = oldest[0]
    if (first === undefined || oldest.length < SEGMENT_MESSAGES) return 0
    transaction.put(accountKeys.segment(chat.id, first.seq), oldest)
    const last = oldest.at(-1) ?? first
    transaction.clear({
      from: accountKeys.message(chat.id, first.seq),
      to: accountKeys.message(chat.id, last.seq + 1),
    })
    return oldest.length
  }

  /**
   * Of these, in order, what the log does not have; no gap between two of a run holds a stored message. `readable`:
   * what it has and could not open.
   */
  const missingRuns = async (chatId: ChatId, ordered: readonly MessageRecord[]) => {
    const [first] = ordered
    const last = ordered.at(-1)
    if (first === undefined || last === undefined) return { runs: [], readable: [] }
    const present: MessageRecord[] = []
    for (let from = first.seq - 1; ; ) {
      const page = await after(chatId, from, SEGMENT_MESSAGES)
      present.push(...page.messages.filter(({ seq }) => seq <= last.seq))
      from = page.messages.at(-1)?.seq ?? last.seq
      if (!page.more || from >= last.seq) break
    }
    const seqs = new Set(present.map(({ seq }) => seq))
    const ids = new Set(present.map(message => recentKey(message)))
    const runs: MessageRecord[][] = []
    let passed = 0
    for (const message of ordered) {
      const isPresent = seqs.has(message.seq) || ids.has(recentKey(message))
      if (isPresent) continue
      const before = present.filter(({ seq }) => seq < message.seq).length
      const run = runs.at(-1)
      if (run === undefined || before > passed) runs.push([message])
      else run.push(message)
      passed = before
    }
    const shut = new Set(present.filter(({ content }) => content.kind === 'pending').map(({ seq }) => seq))
    return { runs, readable: ordered.filter(({ seq }) => shut.has(seq)) }
  }

  /** Runs as they will lie in segments: one of their own, or inside the one that spans their place. */
  const segmentsWith = async (chatId: ChatId, runs: readonly (readonly MessageRecord[])[]) => {
    const segments = new Map<string, readonly MessageRecord[]>()
    for (const run of runs) {
      const [first] = run
      if (first === undefined) continue
      const around = await segmentBefore(chatId, first.seq)
      const spans = around !== undefined && (around.messages.at(-1)?.seq ?? 0) > first.seq
      const key = spans ? around.key : accountKeys.segment(chatId, first.seq)
      const base = segments.get(key) ?? (spans ? around.messages : [])
      segments.set(
        key,
        [...base, ...run].sort((one, other) => one.seq - other.seq),
      )
    }
    return segments
  }

  /** Part of segments: these messages take the places of what was there. */
  const replaceIn = async (
    segments: Map<string, readonly MessageRecord[]>,
    chatId: ChatId,
    messages: readonly MessageRecord[],
  ) => {
    for (const message of messages) {
      const around = await segmentBefore(chatId, message.seq + 1)
      if (around === undefined) continue
      const held = segments.get(around.key) ?? around.messages
      segments.set(
        around.key,
        held.map(each => (each.seq === message.seq ? message : each)),
      )
    }
  }

  return {
    before,
    after,
    /**
     * Part of a transaction: stores messages from elsewhere in their place among the others, each at most once; where
     * one did not open here, it takes its place. Answers with those that were missing, in order, and the chat's new
     * tail length.
     */
    async insert(
      transaction: Transaction,
      chat: ChatRecord,
      messages: readonly MessageRecord[],
    ): Promise<{ readonly inserted: readonly MessageRecord[]; readonly tail: number }> {
      const bySeq = new Map(messages.map(message => [message.seq, message]))
      const { runs, readable } = await missingRuns(
        chat.id,
        [...bySeq.values()].sort((one, other) => one.seq - other.seq),
      )
      const inserted = runs.flat()
      if (inserted.length + readable.length === 0) return { inserted, tail: chat.tail }
      // Segments end before the tail begins.
      const [oldest] = await tailOf(chat.id, 0, null, 1, false)
      const edge = oldest?.seq ?? Number.POSITIVE_INFINITY
      const segments = await segmentsWith(
        chat.id,
        runs.filter(run => (run[0]?.seq ?? 0) < edge),
      )
      await replaceIn(
        segments,
        chat.id,
        readable.filter(({ seq }) => seq < edge),
      )
      const single = runs.filter(run => (run[0]?.seq ?? 0) > edge).flat()
      for (const [key, held] of segments) transaction.put(key, held)
      const inTail = [...single, ...readable.filter(({ seq }) => seq >= edge)]
      for (const message of inTail) transaction.put(accountKeys.message(chat.id, message.seq), message)
      transaction.afterCommit(() => {
        for (const [key, held] of segments) remember(key, held)
        const ids = recent.get(chat.id)
        for (const message of inserted) ids?.add(recentKey(message))
        const came = [...inserted, ...readable].sort((one, other) => one.seq - other.seq)
        changes.tell({ kind: 'history', chatId: chat.id, messages: came })
      })
      return { inserted, tail: chat.tail + single.length }
    },
    /** Part of a transaction: nothing of the chat's history stays on this device. */
    stageClear(transaction: Transaction, chatId: ChatId): void {
      const prefixes = [accountKeys.messages(chatId), accountKeys.segments(chatId)]
      for (const prefix of prefixes) transaction.clear(prefixRange(prefix))
      transaction.afterCommit(() => {
        recent.delete(chatId)
        for (const key of cache.keys()) if (key.startsWith(accountKeys.segments(chatId))) cache.delete(key)
      })
    },
    /** Whether this sender's message of this id is among the newest of the chat. */
    async isRepeated(chatId: ChatId, message: Pick<MessageRecord, 'from' | 'id'>): Promise<boolean> {
      return (await recentOf(chatId)).has(recentKey(message))
    },
    /** How many messages of others follow `seq`; what only happened does not count. */
    async countUnread(chatId: ChatId, seq: number): Promise<number> {
      let count = 0
      let from = seq
      for (;;) {
        const page = await after(chatId, from, SEGMENT_MESSAGES)
        for (const message of page.messages) if (countsAsUnread(message)) count++
        if (!page.more) return count
        from = page.messages.at(-1)?.seq ?? from
      }
    },
    /** Part of a transaction: stores new messages, folds a full tail; answers with the chat's new tail length. */
    async append(
      transaction: Transaction,
      chat: ChatRecord,
      messages: readonly MessageRecord[],
    ): Promise<number> {
      if (messages.length === 0) return chat.tail
      for (const message of messages) {
        transaction.put(accountKeys.message(chat.id, message.seq), message)
      }
      transaction.afterCommit(() => {
        const ids = recent.get(chat.id)
        for (const message of messages) ids?.add(recentKey(message))
        changes.tell({ kind: 'messages', chatId: chat.id, messages })
      })
      const grown = chat.tail + messages.length
      if (chat.tail < SEGMENT_MESSAGES || grown < SEGMENT_MESSAGES + TAIL_SLACK) return grown
      return grown - (await fold(transaction, chat))
    },
  }
}
export type MessageLog = ReturnType<typeof createMessageLog>
