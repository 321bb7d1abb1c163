import { type ConversationBook, keyOf, type Sent, type Sight } from './book.ts'
import type { Find } from './verdict.ts'

const countBy = <T>(values: readonly T[], key: (value: T) => string): Map<string, T[]> => {
  const groups = new Map<string, T[]>()
  for (const value of values) {
    const group = groups.get(key(value))
    if (group === undefined) groups.set(key(value), [value])
    else group.push(value)
  }
  return groups
}

const placeOf = ({ message, device }: Sent) => `${message} of ${device}`

/** (1) and (5): what was said of each attempt, against the log. */
export function checkOutcomes(book: ConversationBook, find: Find): void {
  const inLog = countBy(book.stored, ({ sender, message }) => keyOf(sender, message))
  for (const contradiction of book.contradictions) find(1, contradiction)
  for (const sent of book.sent.values()) {
    const places = inLog.get(keyOf(sent.device, sent.message)) ?? []
    const [first] = places
    if (sent.outcome === 'ok') {
      if (places.length !== 1)
        find(1, `${placeOf(sent)} was acknowledged and is there ${places.length} times`)
      if (first !== undefined && first.hash !== sent.hash)
        find(1, `${placeOf(sent)} was stored with other bytes`)
      if (first !== undefined && first.seq !== sent.seq) {
        find(1, `${placeOf(sent)} was acknowledged at ${String(sent.seq)} and is at ${first.seq}`)
      }
    } else if (sent.outcome === 'fail') {
      if (places.length > 0) find(5, `${placeOf(sent)} was refused and is there`)
    } else if (places.length > 1) find(5, `${placeOf(sent)} is there ${places.length} times`)
  }
  for (const sight of book.stored) {
    if (sight.event === 'proposal') continue
    if (!book.sent.has(keyOf(sight.sender, sight.message))) {
      find(5, `${sight.message} at ${sight.seq} was never sent`)
    }
  }
}

/** (4): what was acknowledged before something else began stands before it. */
export function checkRealTime(book: ConversationBook, find: Find): void {
  const settled = [...book.sent.values()].filter(({ outcome }) => outcome === 'ok')
  const byEnd = settled.toSorted((a, b) => (a.settledAt ?? 0) - (b.settledAt ?? 0))
  const byStart = settled.toSorted((a, b) => a.invokedAt - b.invokedAt)
  let highest: Sent | undefined
  let at = 0
  for (const later of byStart) {
    for (let next = byEnd[at]; next !== undefined && (next.settledAt ?? 0) < later.invokedAt; ) {
      if (highest === undefined || (next.seq ?? 0) > (highest.seq ?? 0)) highest = next
      at += 1
      next = byEnd[at]
    }
    if (highest !== undefined && (highest.seq ?? 0) >= (later.seq ?? 0)) {
      find(4, `${placeOf(highest)} was acknowledged before ${placeOf(later)} began and stands behind it`)
    }
  }
}

const isSame = (a: Sight, b: Sight): boolean =>
  a.message === b.message && a.hash === b.hash && a.epoch === b.epoch && a.sender === b.sender

/** (3) and (6): one order, one commit an epoch, one transcript for all. */
export function checkOrder(book: ConversationBook, find: Find): void {
  const log = new Map<number, Sight>()
  const commits = new Map<number, Sight>()
  const views: [string, readonly Sight[]][] = [['the log', book.stored], ...book.shown]
  for (const [who, sights] of views) {
    let last: number | undefined = book.members.get(who)?.after
    for (const sight of sights) {
      if (last !== undefined && sight.seq <= last) find(3, `${who} has ${sight.seq} after ${last}`)
      else if (book.contiguous && sight.seq !== (last ?? 0) + 1) {
        find(3, `${who} goes from ${last ?? 0} to ${sight.seq}`)
      }
      last = Math.max(last ?? 0, sight.seq)
      const known = log.get(sight.seq)
      if (known === undefined) log.set(sight.seq, sight)
      else if (!isSame(known, sight)) {
        find(6, `at ${sight.seq} ${who} has ${sight.message}, somebody else ${known.message}`)
      }
      if (sight.event !== 'commit') continue
      const commit = commits.get(sight.epoch)
      if (commit === undefined) commits.set(sight.epoch, sight)
      else if (commit.message !== sight.message) find(6, `epoch ${sight.epoch} has two commits`)
    }
  }
}

const PATIENCE_MS = 120_000

/** (2) and (7): everybody who is entitled has it, once and in time, and nobody else. */
export function checkSight(book: ConversationBook, healedAt: number | undefined, find: Find): void {
  for (const [device, { after, removed }] of book.members) {
    const sights = book.shown.get(device) ?? []
    const shown = countBy(sights, ({ message, sender }) => keyOf(sender, message))
    for (const { seq, message, sender } of book.stored) {
      if (seq <= after || seq > (removed?.seq ?? Number.POSITIVE_INFINITY)) continue
      const [first, ...more] = shown.get(keyOf(sender, message)) ?? []
      if (first === undefined) find(2, `${device} was not shown ${message} at ${seq}`)
      else if (more.length > 0) find(2, `${device} was shown ${message} ${more.length + 1} times`)
      else if (healedAt !== undefined && first.at > healedAt + PATIENCE_MS) {
        find(2, `${device} was shown ${message} too late`)
      }
    }
    if (removed === undefined) continue
    for (const { seq, epoch, message } of sights) {
      if (seq > removed.seq || epoch > removed.epoch) {
        find(7, `${device} was put out at ${removed.seq} and was shown ${message} at ${seq}`)
      }
    }
  }
  for (const device of book.shown.keys()) {
    if (!book.members.has(device)) find(7, `${device} is no member and was shown something`)
  }
}
