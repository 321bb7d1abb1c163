import { type ArchiveKeys, addArchiveKey, createArchiveKeys, randomBytes } from '@entangle/crypto'
import { type DeviceId, type InviteId, LIMITS, readId } from '@entangle/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeGroupEntry, isOutdated, parseGroupEntry } from '../src/account-state/group-entry.ts'
import { createStamps } from '../src/account-state/stamps.ts'
import { createStateBook } from '../src/account-state/state-book.ts'
import { createStateCodec } from '../src/account-state/state-codec.ts'
import { type StateEntry, wins } from '../src/account-state/state-entry.ts'
import { stateNames } from '../src/account-state/state-names.ts'
import { type HeldState, NO_PLACES, newGroupState, placesAt } from '../src/groups/state.ts'
import type { Transaction } from '../src/store/ledger.ts'

const FIRST: ArchiveKeys = [{ version: 1, key: new Uint8Array(32).fill(3) }]
const deviceId = (digit: number) => digit.toString(16).repeat(32) as DeviceId
const codec = createStateCodec(() => FIRST)

/** A transaction over memory alone. */
function within(work: (transaction: Transaction) => void): void {
  const actions: (() => void)[] = []
  const unused = () => {
    throw new Error('not used here')
  }
  work({
    mls: undefined as never,
    openGroup: unused,
    adopt: unused,
    put: () => undefined,
    remove: unused,
    clear: unused,
    afterCommit: action => void actions.push(action),
  })
  for (const action of actions) action()
}

const newBook = (digit: number, nowMs: () => number) =>
  createStateBook({ codec, stamps: createStamps(nowMs), deviceId: deviceId(digit) })

/** What the server does: the higher (stamp, device) stays. */
function createServer() {
  const entries = new Map<string, StateEntry>()
  return {
    all: () => [...entries.values()],
    take(entry: StateEntry): void {
      if (wins(entry, entries.get(entry.name))) entries.set(entry.name, entry)
    },
  }
}

describe('last writer wins', () => {
  test('P39 any order and any interleaving of writings and deliveries end the same everywhere', () => {
    const step = fc.record({
      device: fc.nat(2),
      kind: fc.constantFrom('write', 'push', 'pull'),
      name: fc.constantFrom('a', 'b'),
      value: fc.nat(5),
      /** Clocks stand still, jump and differ. */
      clock: fc.nat(3),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.infiniteStream(fc.nat(99)), (steps, chances) => {
        let time = 0
        const server = createServer()
        const books = [0, 1, 2].map(digit => newBook(digit, () => time + digit))
        const shuffled = (entries: StateEntry[]) =>
          entries
            .map(entry => ({ entry, at: chances.next().value ?? 0 }))
            .sort((one, other) => one.at - other.at)
            .map(({ entry }) => entry)
        const push = (book: (typeof books)[number]) => {
          const dirty = [...book.all()].filter(entry => entry.dirty)
          for (const entry of shuffled(dirty)) server.take(entry)
          within(transaction => book.stageSettled(transaction, dirty))
        }
        const pull = (book: (typeof books)[number]) => {
          for (const entry of shuffled(server.all())) {
            within(transaction => void book.stageForeign(transaction, entry))
          }
        }
        for (const { device, kind, name, value, clock } of steps) {
          const book = books[device]
          if (book === undefined) continue
          time += clock
          if (kind === 'write') within(transaction => void book.stageOwn(transaction, name, value))
          else if (kind === 'push') push(book)
          else pull(book)
        }
        for (const book of books) push(book)
        for (const book of books) pull(book)
        const [first, ...others] = books.map(book =>
          [...book.all()].map(({ name, value }) => `${name}=${String(value)}`).sort(),
        )
        for (const other of others) expect(other).toEqual(first)
      }),
      { numRuns: 500 },
    )
  })

  test('P39 what a device wrote itself it reads again only if somebody else wrote in between', () => {
    const book = newBook(1, () => 1)
    within(transaction => book.stageRevision(transaction, 4))
    within(transaction => book.stageOwnRevision(transaction, { previous: 4, revision: 6 }))
    expect(book.revision()).toBe(6)
    within(transaction => book.stageOwnRevision(transaction, { previous: 7, revision: 9 }))
    expect(book.revision()).toBe(6)
  })

  test('P39 who writes knowing the former value wins, whatever the clocks say', () => {
    const late = newBook(1, () => 1_000)
    const early = newBook(2, () => 5)
    within(transaction => void late.stageOwn(transaction, 'name', 'first'))
    const first = late.get('name')
    if (first === undefined) throw new Error('nothing written')
    within(transaction => void early.stageForeign(transaction, first))
    within(transaction => void early.stageOwn(transaction, 'name', 'second'))
    const second = early.get('name')
    expect(second !== undefined && wins(second, first)).toBe(true)
  })

  test('a first value never wins against a decision', () => {
    const one = newBook(1, () => 0)
    const other = newBook(2, () => 0)
    within(transaction => void one.stageDefault(transaction, 'name', 'default'))
    within(transaction => void other.stageOwn(transaction, 'name', 'decided'))
    const [a, b] = [one.get('name'), other.get('name')]
    expect(a !== undefined && b !== undefined && wins(b, a) && !wins(a, b)).toBe(true)
  })
})

describe('stamps', () => {
  test('P39 rise always, follow the clock, are never behind what was seen', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ now: fc.nat(1e6), seen: fc.nat(3e8) })), turns => {
        let now = 0
        let last = -1
        const stamps = createStamps(() => now)
        for (const turn of turns) {
          now = turn.now
          stamps.see(turn.seen)
          const stamp = stamps.next()
          expect(stamp).toBeGreaterThan(last)
          expect(stamp).toBeGreaterThan(turn.seen)
          expect(stamp).toBeGreaterThanOrEqual(now * 256)
          last = stamp
        }
      }),
    )
  })

  test('a clock that was ahead is set back, and what waits keeps its order', () => {
    const book = newBook(1, () => 1_000_000)
    within(transaction => {
      void book.stageOwn(transaction, 'a', 1)
      void book.stageOwn(transaction, 'b', 2)
    })
    within(transaction => book.stageStampedAnew(transaction, 900_000))
    const [a, b] = [book.get('a')?.stamp ?? 0, book.get('b')?.stamp ?? 0]
    expect(a).toBe(100_000 * 256)
    expect(b).toBeGreaterThan(a)
  })
})

describe('state codec', () => {
  const entry: StateEntry = { name: 'draft/direct-x', value: 'hello', stamp: 77, deviceId: deviceId(1) }

  test('P83 hides the name, hides the length, opens in its place only', () => {
    const sealed = codec.seal(entry)
    const placed = { ...sealed, deviceId: entry.deviceId }
    expect(codec.open(placed)).toEqual(entry)
    expect(sealed.key).toHaveLength(32)
    expect(codec.open({ ...placed, stamp: 78 })).toBeUndefined()
    expect(codec.open({ ...placed, deviceId: deviceId(2) })).toBeUndefined()
    expect(codec.open({ ...placed, key: codec.keyOf('draft/direct-y') })).toBeUndefined()
    expect(createStateCodec(createArchiveKeys).open(placed)).toBeUndefined()
    expect(codec.open({ ...placed, sealed: randomBytes(200) })).toBeUndefined()
    expect(codec.seal({ ...entry, value: 'hell' }).sealed).toHaveLength(sealed.sealed.length)
    expect(createStateCodec(createArchiveKeys).keyOf(entry.name)).not.toEqual(sealed.key)
  })

  test('P39 a new archive key seals what comes; places stay, and what is old still opens', () => {
    const rotated = addArchiveKey(FIRST)
    const later = createStateCodec(() => rotated)
    const [old, fresh] = [codec.seal(entry), later.seal(entry)]
    const placed = { ...fresh, deviceId: entry.deviceId }
    expect(fresh.key).toEqual(old.key)
    expect(later.open(placed)).toEqual(entry)
    expect(later.open({ ...old, deviceId: entry.deviceId })).toEqual(entry)
    // Whoever has the first key alone opens nothing of it, nor passes it off as sealed under another one.
    expect(codec.open(placed)).toBeUndefined()
    for (const bent of [fresh.sealed.subarray(5), fresh.sealed.with(4, 1), fresh.sealed.with(4, 3)]) {
      expect(later.open({ ...placed, sealed: bent })).toBeUndefined()
    }
    const under1 = Uint8Array.from([2, 0, 0, 0, 1, ...old.sealed])
    expect(later.open({ ...old, deviceId: entry.deviceId, sealed: under1 })).toEqual(entry)
  })

  test('P37 what another device follows unasked is believed under the newest key alone', () => {
    const name = stateNames.accepted(readId(randomBytes(16)))
    const later = createStateCodec(() => addArchiveKey(FIRST))
    const accepted = { ...entry, name, value: { key: 'ab', at: 1 } }
    const forged = { ...codec.seal(accepted), deviceId: entry.deviceId }
    expect(codec.open(forged)).toEqual(accepted)
    // A removed device knows the first key, and the server gives out what it likes.
    expect(later.open(forged)).toBeUndefined()
    const rotated = addArchiveKey(FIRST)
    const fresh = createStateCodec(() => rotated)
    expect(fresh.open({ ...fresh.seal(accepted), deviceId: entry.deviceId })).toEqual(accepted)
  })

  test('P77 the largest state of a group comes back as it was, and fits', () => {
    const held: HeldState = {
      state: {
        v: 1,
        name: '語'.repeat(LIMITS.groupNameLength),
        topic: '語'.repeat(LIMITS.groupTopicLength),
        picture: randomBytes(LIMITS.groupPictureBytes),
        invites: Array.from({ length: LIMITS.groupInvites }, () => ({
          inviteId: readId<InviteId>(randomBytes(16)),
          secret: randomBytes(32),
        })),
      },
      at: { name: 1_000_000, topic: -1, picture: 7 },
    }
    const value = encodeGroupEntry({ held, seq: 1_000_001 })
    const name = stateNames.group(readId(randomBytes(16)))
    expect(codec.fits({ name, value })).toBe(true)
    const opened = codec.open({ ...codec.seal({ ...entry, name, value }), deviceId: entry.deviceId })
    expect(parseGroupEntry(opened?.value)).toEqual({ held, seq: 1_000_001 })
    for (const other of [undefined, null, 'x', {}, { seq: 1, at: {}, state: randomBytes(9) }]) {
      expect(parseGroupEntry(other)).toBeUndefined()
    }
  })

  test('what fits is never larger than the server takes', () => {
    for (const length of [0, 100, 4_000, 8_192, 16_000, 16_350, 16_360, 16_370, 16_384]) {
      const value = 'x'.repeat(length)
      if (!codec.fits({ name: 'n', value })) continue
      expect(codec.seal({ ...entry, name: 'n', value }).sealed.length).toBeLessThanOrEqual(
        LIMITS.accountStateBytes,
      )
    }
    expect(codec.fits({ name: 'n', value: 'x'.repeat(16_000) })).toBe(true)
    expect(codec.fits({ name: 'n', value: 'x'.repeat(16_384) })).toBe(false)
  })
})

describe('what devices tell each other of a group', () => {
  const invite = (digit: number) => ({
    inviteId: readId<InviteId>(new Uint8Array(16).fill(digit)),
    secret: new Uint8Array(32).fill(digit),
  })
  const entry = (at: number, seq: number, links: readonly number[] = []) => ({
    held: {
      state: { ...newGroupState('Choir'), invites: links.map(invite) },
      at: at < 0 ? NO_PLACES : placesAt(at),
    },
    seq,
  })
  const open = (...links: number[]) => new Set(links.map(digit => invite(digit).inviteId))

  test('is written when it is later, and not by who knows nothing', () => {
    expect(isOutdated(undefined, entry(0, 0), open())).toBe(true)
    expect(isOutdated(undefined, entry(-1, 9), open())).toBe(false)
    expect(isOutdated(entry(3, 3), entry(4, 4), open())).toBe(true)
    expect(isOutdated(entry(4, 4), entry(4, 9), open())).toBe(false)
    expect(isOutdated(entry(4, 4), entry(3, 9), open())).toBe(false)
  })

  test('P53 of links the open ones count: two devices come to an end whatever else they hold', () => {
    expect(isOutdated(entry(0, 1), entry(0, 2, [1]), open(1))).toBe(true)
    expect(isOutdated(entry(0, 1, [1]), entry(0, 2), open())).toBe(true)
    expect(isOutdated(entry(0, 3, [1]), entry(0, 2), open())).toBe(false)
    expect(isOutdated(entry(0, 2), entry(0, 2, [1]), open())).toBe(false)
    expect(isOutdated(entry(0, 2, [1]), entry(0, 2, [1]), open())).toBe(false)
  })
})
