import { hash } from 'node:crypto'
import { type ConversationId, LIMITS } from '@entangle/protocol'
import type pg from 'pg'
import { packBytes, packIds, packIntegers } from '../database/packed-arrays.ts'
import { type ConversationMemory, isAcceptable, type RememberedConversation } from './conversation-memory.ts'
import type { IncomingMessage, MessageStore, StoredOutcome } from './message-store.ts'

type Batch = readonly IncomingMessage[]
type Outcomes = StoredOutcome[]

type Row = {
  readonly ord: number
  readonly status: number
  readonly seq: number
  readonly server_time: number
  readonly fresh: boolean
}

const ACCEPT =
  'SELECT accept($1::bytea[], $2::bigint[], $3::bigint[], $4::bytea[], $5::bigint[], $6::bigint[], $7::bytea[], $8::bytea[], $9::bigint[], $10::bytea[], $11::bytea[], $12::bigint[], $13) AS bases'
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
  packBytes(batch.map(message => hash('sha256', message.frame, 'buffer'))),
  packIds([...conversationsOf(batch)]),
  LIMITS.pastEpochs,
  nowMs,
]

/** What a batch has for one conversation: its number among them, from 1, and how many messages so far. */
type Share = { readonly at: number; count: number; readonly remembered: RememberedConversation }

/** What memory finds acceptable: each message with its conversation, and its number among those there, from 1. */
type Acceptable = {
  readonly messages: IncomingMessage[]
  readonly shares: Map<ConversationId, Share>
  readonly ofMessage: Share[]
  readonly steps: number[]
}

function pickAcceptable(batch: Batch, memory: ConversationMemory): Acceptable {
  const shares = new Map<ConversationId, Share>()
  const messages: IncomingMessage[] = []
  const ofMessage: Share[] = []
  const steps: number[] = []
  for (const message of batch) {
    const known = shares.get(message.conversationId)
    const remembered = known?.remembered ?? memory.find(message.conversationId)
    if (remembered === undefined || !isAcceptable(remembered, message)) continue
    const share = known ?? { at: shares.size + 1, count: 0, remembered }
    if (known === undefined) shares.set(message.conversationId, share)
    share.count += 1
    messages.push(message)
    ofMessage.push(share)
    steps.push(share.count)
  }
  return { messages, shares, ofMessage, steps }
}

function highestCounters(batch: Batch): Map<string, number> {
  const highest = new Map<string, number>()
  for (const { senderDevice, counter } of batch)
    highest.set(senderDevice, Math.max(counter, highest.get(senderDevice) ?? 0))
  return highest
}

function acceptedParameters({ messages, shares, ofMessage, steps }: Acceptable, nowMs: number): unknown[] {
  const counters = highestCounters(messages)
  const known = [...shares.values()]
  return [
    packIds([...shares.keys()]),
    packIntegers(known.map(share => share.remembered.changedSeq)),
    packIntegers(known.map(share => share.count)),
    packIds(messages.map(message => message.conversationId)),
    packIntegers(ofMessage.map(share => share.at)),
    packIntegers(steps),
    packIds(messages.map(message => message.senderDevice)),
    packIds(messages.map(message => message.messageId)),
    packIntegers(messages.map(message => message.epoch)),
    packBytes(messages.map(message => message.body)),
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
  async function accept(
    client: Querying,
    acceptable: Acceptable,
    nowMs: number,
  ): Promise<Outcomes | undefined> {
    const { shares, ofMessage, steps } = acceptable
    if (steps.length === 0) return []
    const bases = await acceptBatch(client, acceptedParameters(acceptable, nowMs))
    if (bases === undefined) {
      memory.forget(shares.keys())
      return undefined
    }
    return ofMessage.map(({ at }, index) => {
      const base = bases[at - 1]
      if (base === undefined) throw new TypeError('a conversation has no place')
      return { status: 0, seq: base + (steps[index] ?? 0), serverTime: nowMs, fresh: true }
    })
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
    memory.forget(conversationsOf(batch))
    const rows = await client.query<Row>('ingest', JUDGE, judgedParameters(batch, nowMs))
    const outcomes: Outcomes = []
    for (const { ord, status, seq, server_time, fresh } of rows)
      outcomes[ord - 1] = { status, seq, serverTime: server_time, fresh }
    return outcomes
  }

  return {
    append: (batch, nowMs) =>
      withClient(pool, async client => {
        await memory.load(client.raw, conversationsOf(batch))
        const acceptable = pickAcceptable(batch, memory)
        const accepted = await accept(client, acceptable, nowMs)
        if (accepted?.length === batch.length) return accepted
        const outcomes = new Map<IncomingMessage | undefined, StoredOutcome | undefined>(
          accepted?.map((outcome, index) => [acceptable.messages[index], outcome]),
        )
        const others = batch.filter(message => !outcomes.has(message))
        const judged = await judge(client, others, nowMs)
        for (const [index, message] of others.entries()) outcomes.set(message, judged[index])
        return batch.map(message => {
          const outcome = outcomes.get(message)
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
