import { type ConversationId, LIMITS } from '@entangle/protocol'
import type pg from 'pg'
import { packBytes, packIds, packIntegers } from '../database/packed-arrays.ts'
import { type ConversationMemory, isAcceptable } from './conversation-memory.ts'
import type { IncomingMessage, MessageStore, StoredOutcome } from './message-store.ts'

type Batch = readonly IncomingMessage[]
type Outcomes = Map<IncomingMessage, StoredOutcome>

type Row = {
  readonly ord: number
  readonly status: number
  readonly seq: number
  readonly server_time: number
  readonly fresh: boolean
}

const ACCEPT =
  'SELECT accept($1::bytea[], $2::bigint[], $3::bigint[], $4::bytea[], $5::bigint[], $6::bigint[], $7::bytea[], $8::bytea[], $9::bigint[], $10::bytea[], $11::bytea[], $12::bytea[], $13::bigint[], $14) AS bases'
const JUDGE =
  'SELECT ord, status, seq, server_time, fresh FROM ingest($1::bytea[], $2::bytea[], $3::bytea[], $4::bigint[], $5::bigint[], $6::bytea[], $7::bytea[], $8::bytea[], $9, $10)'

/** A conversation has changed, or a message is a repetition: what memory cannot judge. */
const NEEDS_JUDGEMENT = new Set(['40001', '23505'])

const conversationsOf = (batch: Batch): Set<ConversationId> =>
  new Set(batch.map(message => message.conversationId))

const needsJudgement = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  typeof error.code === 'string' &&
  NEEDS_JUDGEMENT.has(error.code)

const judgedParameters = (batch: Batch, nowMs: number): unknown[] => [
  packIds(batch.map(message => message.conversationId)),
  packIds(batch.map(message => message.senderDevice)),
  packIds(batch.map(message => message.messageId)),
  packIntegers(batch.map(message => message.epoch)),
  packIntegers(batch.map(message => message.counter)),
  packBytes(batch.map(message => message.body)),
  packBytes(batch.map(message => message.digest)),
  packIds([...conversationsOf(batch)]),
  LIMITS.pastEpochs,
  nowMs,
]

/** What a batch has for one conversation: its number among them, from 1, and how many messages so far. */
type Share = { readonly at: number; count: number }

/** Each message's conversation, and its number among the batch's messages there, from 1. */
function shareOut(batch: Batch) {
  const shares = new Map<ConversationId, Share>()
  const steps: number[] = []
  const places = batch.map(({ conversationId }) => {
    const share = shares.get(conversationId) ?? { at: shares.size + 1, count: 0 }
    share.count += 1
    shares.set(conversationId, share)
    steps.push(share.count)
    return share.at
  })
  return { shares, places, steps }
}
type Shares = ReturnType<typeof shareOut>

function highestCounters(batch: Batch): Map<string, number> {
  const highest = new Map<string, number>()
  for (const { senderDevice, counter } of batch)
    highest.set(senderDevice, Math.max(counter, highest.get(senderDevice) ?? 0))
  return highest
}

function acceptedParameters(
  batch: Batch,
  { shares, places, steps }: Shares,
  memory: ConversationMemory,
  nowMs: number,
): unknown[] {
  const counters = highestCounters(batch)
  return [
    packIds([...shares.keys()]),
    packIntegers([...shares.keys()].map(id => memory.find(id)?.changedSeq ?? 0)),
    packIntegers([...shares.values()].map(share => share.count)),
    packIds(batch.map(message => message.conversationId)),
    packIntegers(places),
    packIntegers(steps),
    packIds(batch.map(message => message.senderDevice)),
    packIds(batch.map(message => message.messageId)),
    packIntegers(batch.map(message => message.epoch)),
    packBytes(batch.map(message => message.body)),
    packBytes(batch.map(message => message.digest)),
    packIds([...counters.keys()]),
    packIntegers([...counters.values()]),
    nowMs,
  ]
}

/**
 * One function call a batch: one round trip and one transaction, committed when it answers. What memory finds
 * acceptable is written at once, if the conversations are still as remembered; everything else is judged by the
 * database. Memory never refuses anything.
 */
export function createPostgresMessageStore(pool: pg.Pool, memory: ConversationMemory): MessageStore {
  /** Answers with nothing where the database has to judge. */
  async function accept(client: Querying, batch: Batch, nowMs: number): Promise<Outcomes | undefined> {
    if (batch.length === 0) return new Map()
    const shared = shareOut(batch)
    const bases = await acceptBatch(client, acceptedParameters(batch, shared, memory, nowMs))
    if (bases === undefined) {
      memory.forget(shared.shares.keys())
      return undefined
    }
    return new Map(
      batch.map((message, index) => {
        const base = bases[(shared.places[index] ?? 0) - 1]
        if (base === undefined) throw new TypeError('a conversation has no place')
        const seq = base + (shared.steps[index] ?? 0)
        return [message, { status: 0, seq, serverTime: nowMs, fresh: true }]
      }),
    )
  }

  /** The place in each conversation before the first of this batch. */
  async function acceptBatch(client: Querying, parameters: unknown[]): Promise<number[] | undefined> {
    try {
      const [row] = await client.query<{ bases: readonly unknown[] }>('accept', ACCEPT, parameters)
      return row?.bases.map(Number)
    } catch (error) {
      if (needsJudgement(error)) return undefined
      memory.forgetAll()
      throw error
    }
  }

  async function judge(client: Querying, batch: Batch, nowMs: number): Promise<Outcomes> {
    if (batch.length === 0) return new Map()
    memory.forget(conversationsOf(batch))
    const rows = await client.query<Row>('ingest', JUDGE, judgedParameters(batch, nowMs))
    const outcomes: Outcomes = new Map()
    for (const { ord, status, seq, server_time, fresh } of rows) {
      const message = batch[ord - 1]
      if (message !== undefined) outcomes.set(message, { status, seq, serverTime: server_time, fresh })
    }
    return outcomes
  }

  return {
    append: (batch, nowMs) =>
      withClient(pool, async client => {
        await memory.load(client.raw, conversationsOf(batch))
        const isKnown = (message: IncomingMessage) =>
          isAcceptable(memory.find(message.conversationId), message)
        const accepted = await accept(client, batch.filter(isKnown), nowMs)
        const others = batch.filter(message => accepted?.has(message) !== true)
        const judged = await judge(client, others, nowMs)
        return batch.map(message => {
          const outcome = accepted?.get(message) ?? judged.get(message)
          if (outcome === undefined) throw new TypeError('a message has no outcome')
          return outcome
        })
      }),
  }
}

type Querying = {
  readonly raw: pg.ClientBase
  query<T extends pg.QueryResultRow>(name: string, text: string, values: unknown[]): Promise<T[]>
}

async function withClient<T>(pool: pg.Pool, work: (client: Querying) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  let broken: Error | undefined
  const onError = (error: Error) => {
    broken = error
  }
  client.on('error', onError)
  try {
    return await work({
      raw: client,
      query: async <Result extends pg.QueryResultRow>(name: string, text: string, values: unknown[]) =>
        (await client.query<Result>({ name, text, values })).rows,
    })
  } finally {
    client.off('error', onError)
    client.release(broken)
  }
}
