import { LIMITS, ProtocolError } from '@entangle/protocol'
import { backoffMs } from '../account/timing.ts'
import type { ChatId } from '../api/engine-api.ts'
import type { ChatRecord } from '../chats/chat-record.ts'
import { withHistory, withPreview } from '../chats/preview.ts'
import { sleep } from '../ports/clock.ts'
import { StoreError } from '../ports/key-value-store.ts'
import { accountKeys } from '../store/keys.ts'
import type { Transaction } from '../store/ledger.ts'
import type { MessageRecord } from '../timeline/message-record.ts'
import type { AnswerOf } from '../wire/api-client.ts'
import type { ArchiveCodec, SealedRecord } from './archive-codec.ts'
import {
  afterPage,
  askedAt,
  type ChatHoles,
  type Hole,
  isEmpty,
  mayHold,
  newHole,
  nextHole,
  RECENT_MS,
  withMissed,
} from './holes.ts'
import type { ArchiveRoom } from './pending.ts'

type StoredHoles = { readonly chatId: ChatId; readonly holes: ChatHoles }

/** The person in front of an open chat comes first. */
const PAUSE_MS = 5
/** A sign of life of another device leads to another look at what it may have archived late. */
const LATE_PAUSE_MS = 3_000
/** How long a person who scrolls waits for the network before the rest is left to the background. */
const PATIENCE_MS = 4_000

/** Fills the holes of all chats from the archive, newest first, a page of each in turn. */
export function createDownloader(room: ArchiveRoom, codec: ArchiveCodec) {
  const { calls, chats, clock, timing, diagnostics, ledger, log, records, sender } = room
  const holesOf = new Map<ChatId, ChatHoles>()
  const fetching = new Map<ChatId, Promise<void>>()
  let skipped = 0
  let running = false
  let wanted = false
  let failures = 0
  let stopped = false
  let cancel: (() => void) | undefined
  let wakesAt = Number.POSITIVE_INFINITY

  const stage = (transaction: Transaction, chatId: ChatId, holes: ChatHoles) => {
    const key = accountKeys.archiveHoles(chatId)
    if (holes.length === 0) transaction.remove(key)
    else transaction.put(key, { chatId, holes } satisfies StoredHoles)
    transaction.afterCommit(() => {
      if (holes.length === 0) holesOf.delete(chatId)
      else holesOf.set(chatId, holes)
    })
  }

  const openAll = (hole: Hole, sealed: readonly SealedRecord[]): MessageRecord[] => {
    const opened = sealed.map(record => codec.open(hole.conversationId, record))
    const messages = opened.filter(message => message !== undefined)
    if (messages.length < opened.length) {
      skipped += opened.length - messages.length
      diagnostics.note('ARCHIVE_RECORDS_SKIPPED', skipped)
    }
    return messages.filter(({ seq }) => seq > hole.from && seq < hole.to)
  }

  const readPage = async (hole: Hole): Promise<AnswerOf<'readArchive'>> => {
    try {
      return await calls.call('readArchive', {
        conversationId: hole.conversationId,
        before: hole.to,
        limit: Math.min(LIMITS.archiveRecordsPerPage, hole.to - hole.from - 1),
      })
    } catch (error) {
      // One conversation that the server does not know must not keep the others from their history.
      if (!(error instanceof ProtocolError) || error.code !== 'CHAT_CONVERSATION_NOT_FOUND') throw error
      diagnostics.note('ARCHIVE_REFUSED', error)
      return { records: [], hasMore: false }
    }
  }

  const fetchPage = async (chatId: ChatId): Promise<void> => {
    const hole = nextHole(holesOf.get(chatId), clock.now())
    if (hole === undefined) return
    const page = await readPage(hole)
    const locked = page.records.filter(({ keyVersion }) => !codec.knows(keyVersion)).map(({ seq }) => seq)
    const messages = openAll(
      hole,
      page.records.filter(({ seq }) => !locked.includes(seq)),
    )
    const recent = messages.filter(({ time }) => time > hole.since - RECENT_MS)
    const recentFrom = Math.min(...recent.map(({ seq }) => seq))
    await ledger.transact(async transaction => {
      const chat = chats.get(chatId)
      const holes = holesOf.get(chatId) ?? []
      if (chat === undefined || !holes.includes(hole)) return
      const left = afterPage(hole, page, clock.now(), locked, recentFrom)
      stage(
        transaction,
        chatId,
        holes.flatMap(each => (each === hole ? left : [each])),
      )
      const { inserted, tail } = await log.insert(transaction, chat, messages)
      chats.stage(transaction, { ...withHistory(withPreview(chat, messages), inserted), tail })
    })
  }

  /** One page at a time for each chat; who asks meanwhile waits for the same one. */
  const fetch = (chatId: ChatId): Promise<void> => {
    const present = fetching.get(chatId)
    if (present !== undefined) return present
    const work = fetchPage(chatId).finally(() => fetching.delete(chatId))
    fetching.set(chatId, work)
    return work
  }

  /** Chats with something to ask for, newest activity first. */
  const waiting = (): ChatId[] => {
    const activity = (chatId: ChatId) => {
      const chat = chats.get(chatId)
      return chat?.last?.time ?? chat?.createdAt ?? 0
    }
    return [...holesOf]
      .filter(([, holes]) => nextHole(holes, clock.now()) !== undefined)
      .map(([chatId]) => chatId)
      .sort((one, other) => activity(other) - activity(one))
  }

  const scheduleAt = (time: number) => {
    if (stopped || time >= wakesAt) return
    cancel?.()
    wakesAt = time
    cancel = clock.after(Math.max(0, time - clock.now()), () => {
      wakesAt = Number.POSITIVE_INFINITY
      void run()
    })
  }

  const scheduleLate = () => {
    const times = [...holesOf.values()].flatMap(holes => holes.map(({ checkAt }) => checkAt))
    if (times.length > 0) scheduleAt(Math.max(clock.now() + LATE_PAUSE_MS, Math.min(...times)))
  }

  const lookAgain = () => {
    for (const [chatId, holes] of holesOf) {
      holesOf.set(
        chatId,
        holes.map(hole => (hole.phase === 'late' ? { ...hole, checkAt: clock.now() } : hole)),
      )
    }
  }

  const run = async () => {
    wanted = true
    if (running) return
    running = true
    try {
      while (wanted && !stopped && sender.isReady()) {
        const turn = waiting()
        wanted = turn.length > 0
        for (const chatId of turn) {
          if (stopped || !sender.isReady()) break
          await fetch(chatId)
          await sleep(clock, PAUSE_MS)
        }
        failures = 0
      }
      scheduleLate()
    } catch (error) {
      if (!(error instanceof StoreError)) {
        diagnostics.note('ARCHIVE_DOWNLOAD_FAILED', error)
        failures += 1
        scheduleAt(clock.now() + backoffMs(timing, failures, clock.random()))
      }
    } finally {
      running = false
    }
  }

  return {
    async load(): Promise<void> {
      const stored = await records.scanRecords(accountKeys.archiveHolesOfAll, value => value as StoredHoles)
      for (const { chatId, holes } of stored) holesOf.set(chatId, holes)
    },
    /**
     * Part of the write by which this device enters a conversation at `joinedSeq`: what lies between the last
     * event it has and that place is in the archive, if anywhere.
     */
    expect(transaction: Transaction, chat: ChatRecord, joinedSeq: number): void {
      if (chat.conversation.phase === 'none') return
      const { conversationId } = chat.conversation
      // A group begins with the notice that it was made, before all events of the log.
      const before = chat.kind === 'group' ? -1 : 0
      const stored = chat.conversation.phase === 'active' ? chat.conversation.cursor : before
      const from = Math.max(stored, chat.last?.seq ?? before)
      const hole = newHole(conversationId, from, joinedSeq, clock.now())
      if (isEmpty(hole)) return
      stage(transaction, chat.id, [hole, ...(holesOf.get(chat.id) ?? [])])
      transaction.afterCommit(() => void run())
    },
    /**
     * Part of the write that passes over messages which nothing here opens: another device of the account may
     * have read them. `seqs` rises.
     */
    missed(transaction: Transaction, chat: ChatRecord, seqs: readonly number[]): void {
      const [first] = seqs
      const last = seqs.at(-1)
      if (first === undefined || last === undefined || chat.conversation.phase === 'none') return
      const { conversationId } = chat.conversation
      const holes = holesOf.get(chat.id) ?? []
      stage(transaction, chat.id, withMissed(holes, conversationId, { first, last }, clock.now()))
      transaction.afterCommit(() => void run())
    },
    /** Part of a transaction: what is missing of the chat is not wanted any more. */
    forget: (transaction: Transaction, chatId: ChatId): void => stage(transaction, chatId, []),
    /** When it was last asked for what was at this place; undefined when nobody is asked any more. */
    askedAt: (chatId: ChatId, seq: number): number | undefined => askedAt(holesOf.get(chatId), seq),
    mayHold: (chatId: ChatId): boolean => mayHold(holesOf.get(chatId)),
    /** Brings the next page of this chat now, as far as the network allows within a person's patience. */
    async fetchOlder(chatId: ChatId): Promise<void> {
      if (!mayHold(holesOf.get(chatId))) return
      const page = fetch(chatId).catch(error => diagnostics.note('ARCHIVE_DOWNLOAD_FAILED', error))
      await Promise.race([page, sleep(clock, PATIENCE_MS)])
    },
    wake: (): void => void run(),
    /** Another device of the account is awake and may have archived what was missing here. */
    othersAwake(): void {
      lookAgain()
      scheduleLate()
    },
    /** What was there and did not open may open now. */
    keysCame(): void {
      lookAgain()
      void run()
    },
    /** Records that did not open since the start. */
    skipped: (): number => skipped,
    stop(): void {
      stopped = true
      cancel?.()
    },
  }
}
export type Downloader = ReturnType<typeof createDownloader>
