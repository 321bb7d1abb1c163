import { type ArchiveKeys, addArchiveKey, createArchiveKeys, randomBytes } from '@entangle/crypto'
import { type AccountId, type ConversationId, encodeCbor, type MessageId, readId } from '@entangle/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Notice } from '../src/api/engine-api.ts'
import { createArchiveCodec, type SealedRecord } from '../src/archive/archive-codec.ts'
import {
  afterPage,
  askedAt,
  type ChatHoles,
  mayHold,
  newHole,
  nextHole,
  withMissed,
} from '../src/archive/holes.ts'
import type { MessageRecord } from '../src/timeline/message-record.ts'

const id = (): never => readId<never>(randomBytes(16))
const accountId: AccountId = id()
const conversationId: ConversationId = id()
const keys: ArchiveKeys = [{ version: 1, key: new Uint8Array(32).fill(9) }]
const codec = createArchiveCodec(accountId, () => keys)

const message = (change: Partial<MessageRecord> = {}): MessageRecord => ({
  seq: 5,
  id: id(),
  from: id(),
  own: false,
  time: 1_700_000_000_000,
  content: { kind: 'text', text: 'hello' },
  ...change,
})

const sealed = (record: MessageRecord): SealedRecord => {
  const result = codec.seal(conversationId, record)
  if (result === undefined) throw new Error('not sealed')
  return result
}

describe('archive codec', () => {
  test('text, raw and own messages come back as they were', () => {
    for (const record of [
      message(),
      message({ from: accountId, own: true }),
      message({ content: { kind: 'unsupported', raw: randomBytes(300) } }),
      message({ content: { kind: 'text', text: '🙂'.repeat(4_000) } }),
    ]) {
      expect(codec.open(conversationId, sealed(record))).toEqual(record)
    }
  })

  test('P83 opens under its own ids and place only', () => {
    const record = sealed(message())
    expect(codec.open(id(), record)).toBeUndefined()
    expect(codec.open(conversationId, { ...record, messageId: id() })).toBeUndefined()
    expect(codec.open(conversationId, { ...record, seq: 6 })).toBeUndefined()
    expect(codec.open(conversationId, { ...record, keyVersion: 2 })).toBeUndefined()
    expect(codec.open(conversationId, { ...record, sealed: randomBytes(120) })).toBeUndefined()
    expect(createArchiveCodec(id(), () => keys).open(conversationId, record)).toBeUndefined()
    expect(createArchiveCodec(accountId, createArchiveKeys).open(conversationId, record)).toBeUndefined()
  })

  test('P38 a new archive key seals what comes, what is old still opens, and the old key alone opens nothing new', () => {
    let held: ArchiveKeys = keys
    const growing = createArchiveCodec(accountId, () => held)
    const record = message()
    const before = growing.seal(conversationId, record)
    held = addArchiveKey(keys)
    const after = growing.seal(conversationId, record)
    if (before === undefined || after === undefined) throw new Error('not sealed')
    expect([before.keyVersion, after.keyVersion]).toEqual([1, 2])
    expect(growing.open(conversationId, before)).toEqual(record)
    expect(growing.open(conversationId, after)).toEqual(record)
    expect(growing.open(conversationId, { ...after, keyVersion: 1 })).toBeUndefined()
    expect(codec.open(conversationId, after)).toBeUndefined()
    expect([codec.knows(2), growing.knows(2)]).toEqual([false, true])
  })

  test('P83 hides the length', () => {
    const lengths = ['a', 'ab', 'abcdefgh'].map(
      text => sealed(message({ content: { kind: 'text', text } })).sealed.length,
    )
    expect(new Set(lengths).size).toBe(1)
  })

  test('what cannot be read yet, or fits no bucket, is left out', () => {
    const pending = { kind: 'pending', since: 0, code: 'X', epoch: 1, raw: randomBytes(9) } as const
    expect(codec.seal(conversationId, message({ content: pending }))).toBeUndefined()
    const large = { kind: 'unsupported', raw: randomBytes(61_440) } as const
    expect(codec.seal(conversationId, message({ content: large }))).toBeUndefined()
  })

  test('what happened in the chat comes back; of a kind of a newer version it is kept as it came', () => {
    const notices: Notice[] = [
      { kind: 'added', people: [id(), id()] },
      { kind: 'renamed', name: 'Choir' },
      { kind: 'role-changed', person: id(), role: 'admin' },
    ]
    for (const notice of notices) {
      const record = message({ content: { kind: 'notice', notice } })
      expect(codec.open(conversationId, sealed(record))).toEqual(record)
    }
    const newer = { kind: 'notice', notice: { kind: 'moved', to: 'elsewhere' } } as never
    const opened = codec.open(conversationId, sealed(message({ content: newer })))
    expect(opened?.content).toEqual({ kind: 'unsupported', raw: encodeCbor(newer) })
    const repaired = message({ content: { kind: 'notice', notice: { kind: 'repaired' } } })
    expect(codec.seal(conversationId, repaired)).toBeUndefined()
  })

  test('a kind of a newer version is kept as it came', () => {
    const newer = { kind: 'picture', blob: randomBytes(8) } as never
    const opened = codec.open(conversationId, sealed(message({ content: newer })))
    expect(opened?.content).toEqual({ kind: 'unsupported', raw: encodeCbor(newer) })
  })
})

describe('holes', () => {
  const record = (seq: number): SealedRecord => ({
    messageId: seq.toString(16).padStart(32, '0') as MessageId,
    seq,
    keyVersion: 1,
    sealed: new Uint8Array(),
  })

  /** Asks as a device does until nothing is open, and once more for what came late. */
  function fill(archive: () => readonly number[], start: ChatHoles, limit: number, now: number) {
    const got: number[] = []
    let holes = start
    for (let asked = 0; asked < 500; asked++) {
      const hole = nextHole(holes, now)
      if (hole === undefined) return { got, holes }
      const below = archive()
        .filter(seq => seq < hole.to)
        .sort((one, other) => other - one)
      const page = below.slice(0, limit)
      for (const seq of page) if (seq > hole.from) got.push(seq)
      holes = holes.flatMap(each =>
        each === hole
          ? afterPage(hole, { records: page.map(record), hasMore: page.length < below.length }, now)
          : [each],
      )
    }
    throw new Error('asks for ever')
  }

  test('everything inside is asked for once, newest first; what came late as well', () => {
    const seqs = fc.uniqueArray(fc.integer({ min: 1, max: 120 }), { maxLength: 120 })
    fc.assert(
      fc.property(
        seqs,
        fc.nat(100),
        fc.integer({ min: 1, max: 120 }),
        fc.integer({ min: 1, max: 9 }),
        (all, from, size, limit) => {
          const to = from + size
          const ordered = [...all].sort((one, other) => one - other)
          // Devices archive in ascending order: a part is there, the rest follows.
          const early = ordered.slice(0, Math.floor(ordered.length / 2))
          const first = fill(() => early, [newHole(conversationId, from, to, 0)], limit, 0)
          expect(mayHold(first.holes)).toBe(false)
          const later = fill(() => ordered, first.holes, limit, 1e6)
          const inside = ordered.filter(seq => seq > from && seq < to)
          expect([...first.got, ...later.got].sort((one, other) => one - other)).toEqual(inside)
          expect(first.got).toEqual([...first.got].sort((one, other) => other - one))
        },
      ),
      { numRuns: 300 },
    )
  })

  test('P38 what is there without its key is asked for again, and for nothing else', () => {
    const hole = newHole(conversationId, 0, 10, 0)
    const page = { records: [9, 8, 7, 6, 5, 4, 3, 2, 1].map(record), hasMore: false }
    const holes = afterPage(hole, page, 0, [7, 5])
    expect(holes.map(({ from, to, phase }) => [from, to, phase])).toEqual([[4, 8, 'late']])
    expect(mayHold(holes)).toBe(false)
    const [shut = hole] = holes
    const again = afterPage(shut, { records: [7, 6, 5].map(record), hasMore: true }, 1_000, [5])
    expect(again.map(({ from, to, phase }) => [from, to, phase])).toEqual([[4, 6, 'late']])
    expect(afterPage(shut, { records: [7, 6, 5].map(record), hasMore: true }, 1_000)).toEqual([])
    const inAMonth = 40 * 24 * 3600 * 1000
    expect(afterPage(shut, page, inAMonth, [7])).toEqual([])
  })

  test('P38 what a device archives late below records of another is asked for again', () => {
    const hole = newHole(conversationId, 0, 20, 0)
    const page = { records: [19, 18, 15, 9, 8, 3, 2, 1].map(record), hasMore: false }
    const placesOf = (holes: ChatHoles) => holes.map(({ from, to, phase }) => [from, to, phase])
    expect(placesOf(afterPage(hole, page, 0, [], 9))).toEqual([[9, 18, 'late']])
    expect(placesOf(afterPage(hole, page, 0, [], 8))).toEqual([[3, 18, 'late']])
    const [gap = hole] = afterPage(hole, page, 0, [], 8)
    expect(nextHole([gap], 59_000)).toBeUndefined()
    const half = { records: [9, 8, 5, 4].map(record), hasMore: true }
    expect(placesOf(afterPage(gap, half, 60_000, [], 4))).toEqual([[5, 18, 'late']])
    expect(placesOf(afterPage(gap, { records: [], hasMore: false }, 60_000))).toEqual([[3, 18, 'late']])
    const filled = { records: [17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4].map(record), hasMore: true }
    expect(afterPage(gap, filled, 60_000, [], 4)).toEqual([])
  })

  test('P68 messages that did not open are asked for, those near each other together', () => {
    const missed = (holes: ChatHoles, first: number, last: number, now: number) =>
      withMissed(holes, conversationId, { first, last }, now)
    const placesOf = (holes: ChatHoles) => holes.map(({ from, to }) => [from, to])
    const one = missed([], 5, 5, 0)
    expect(placesOf(one)).toEqual([[4, 6]])
    expect([askedAt(one, 5), askedAt(one, 6)]).toEqual([0, undefined])
    const empty = { records: [record(3)], hasMore: true }
    const asked = one.flatMap(hole => afterPage(hole, empty, 700))
    expect([askedAt(asked, 5), nextHole(asked, 701)]).toEqual([700, undefined])
    const both = missed(asked, 9, 11, 800)
    expect(placesOf(both)).toEqual([[4, 12]])
    expect([askedAt(both, 5), nextHole(both, 800)?.to]).toEqual([0, 12])
    expect(placesOf(missed(both, 500, 501, 900))).toEqual([
      [499, 502],
      [4, 12],
    ])
    expect(
      both.flatMap(hole => afterPage(hole, { records: [11, 10, 9, 5].map(record), hasMore: true }, 1e9)),
    ).toEqual([])
  })

  test('a late hole is asked for ever more rarely and given up at last', () => {
    let holes: ChatHoles = [newHole(conversationId, 0, 10, 0)]
    const checks: number[] = []
    for (let now = 0; holes.length > 0 && checks.length < 100; ) {
      const hole = nextHole(holes, now)
      if (hole === undefined) throw new Error('nothing to ask')
      checks.push(now)
      holes = afterPage(hole, { records: [], hasMore: false }, now)
      now = holes[0]?.checkAt ?? now
    }
    expect(checks.length).toBeGreaterThan(10)
    expect(checks.length).toBeLessThan(40)
  })
})
