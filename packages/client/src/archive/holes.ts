import type { ConversationId } from '@entangle/protocol'
import type { SealedRecord } from './archive-codec.ts'

/**
 * A stretch of a conversation that this device was no member for: messages after `from` and before `to` (both
 * outside) can only come from the archive.
 */
export type Hole = {
  readonly conversationId: ConversationId
  readonly from: number
  readonly to: number
  /**
   * `open`: not asked to the end. `late`: asked, and nothing that opens is there yet; but another device of the
   * account may still bring what it alone has read, or the key.
   */
  readonly phase: 'open' | 'late'
  /** The newest part has not been asked for yet. */
  readonly untouched: boolean
  /** When the hole came about and when to ask for a late one again, milliseconds since 1970. */
  readonly since: number
  readonly checkAt: number
  /** When it was asked for last. */
  readonly askedAt?: number
}

/** Newest first. */
export type ChatHoles = readonly Hole[]

const FIRST_CHECK_MS = 2_000
/** A gap is rarely more than the place of a commit. */
const GAP_CHECK_MS = 60_000
/** Of this age, when the hole came about, a record may be archived before older ones that another device holds. */
export const RECENT_MS = 7 * 24 * 3600 * 1000
/** Longer than a device may be away and still belong to the account's daily life. */
const GIVE_UP_MS = 30 * 24 * 3600 * 1000

export const newHole = (conversationId: ConversationId, from: number, to: number, now: number): Hole => ({
  conversationId,
  from,
  to,
  phase: 'open',
  untouched: true,
  since: now,
  checkAt: now,
})

/** Places so close to each other are asked for together. */
const NEAR = 64
const WIDE = 256

/** The holes of a chat with places of messages in it that did not open; they are after all others. */
export function withMissed(
  holes: ChatHoles,
  conversationId: ConversationId,
  seqs: { readonly first: number; readonly last: number },
  now: number,
): ChatHoles {
  const near = holes.find(
    ({ conversationId: id, from, to }) =>
      id === conversationId && to <= seqs.first && seqs.first - to < NEAR && seqs.last - from < WIDE,
  )
  const hole = newHole(conversationId, near?.from ?? seqs.first - 1, seqs.last + 1, now)
  return [hole, ...holes.filter(each => each !== near)]
}

/** When the archive was last asked for this place; undefined when it is not asked any more. */
export function askedAt(holes: ChatHoles | undefined, seq: number): number | undefined {
  const around = holes?.filter(({ from, to }) => from < seq && seq < to) ?? []
  return around.length === 0 ? undefined : Math.min(...around.map(hole => hole.askedAt ?? 0))
}

export const isEmpty = ({ from, to }: Hole): boolean => to - from <= 1

/**
 * From the oldest to the newest gap between records that a device may still fill which was there before the one that
 * wrote the record above. Most gaps are no messages at all, but commits.
 */
function gapsAmong(
  seqs: readonly number[],
  floor: number,
  recentFrom: number,
): { readonly from: number; readonly to: number } | undefined {
  let from: number | undefined
  let to = floor
  let below = floor
  for (const seq of seqs.toSorted((one, other) => one - other)) {
    if (seq - below > 1 && seq >= recentFrom) {
      from ??= below
      to = seq
    }
    below = seq
  }
  return from === undefined ? undefined : { from, to }
}

/**
 * What is left of a hole after a page of the archive was read below its end. A device archives in ascending order, so
 * what is missing above the newest record may still come. What is missing below it is no message, unless another
 * device, which came in later, has archived before one that was there: in gaps below recent records it is asked again.
 */
export function afterPage(
  hole: Hole,
  page: { readonly records: readonly SealedRecord[]; readonly hasMore: boolean },
  now: number,
  /** Places of records for which this device lacks the key so far. */
  locked: readonly number[] = [],
  /** The oldest record of which the gap below is looked into again. */
  recentFrom: number = Number.POSITIVE_INFINITY,
): ChatHoles {
  const seqs = page.records.map(({ seq }) => seq).filter(seq => seq < hole.to)
  const newest = Math.max(hole.from, ...seqs)
  const oldest = Math.min(hole.to, ...seqs)
  const isDone = !page.hasMore || seqs.length === 0
  // Ever rarer: as long again as it has taken so far.
  const checkAt = now + Math.max(FIRST_CHECK_MS, now - hole.since)
  const late: Hole = { ...hole, from: newest, phase: 'late', untouched: true, checkAt }
  const shut: Hole = {
    ...hole,
    from: Math.min(...locked) - 1,
    to: Math.max(...locked) + 1,
    phase: 'late',
    untouched: false,
    checkAt,
  }
  const wasGap = hole.phase === 'late' && !hole.untouched
  const gaps = gapsAmong(
    // What was asked for in part ends at a record that is here already.
    hole.untouched ? seqs : [...seqs, hole.to],
    isDone ? hole.from : oldest,
    wasGap ? 0 : recentFrom,
  )
  const gap: Hole = {
    ...hole,
    ...gaps,
    phase: 'late',
    untouched: false,
    checkAt: now + Math.max(GAP_CHECK_MS, now - hole.since),
  }
  const below: Hole = { ...hole, to: oldest, phase: 'open', untouched: false }
  const mayWait = now - hole.since < GIVE_UP_MS
  const rest: Hole[] = [
    ...(hole.untouched && mayWait ? [late] : []),
    ...(locked.length > 0 && mayWait ? [shut] : []),
    ...(gaps !== undefined && mayWait ? [gap] : []),
    ...(isDone ? [] : [below]),
  ]
  return rest
    .filter(left => !isEmpty(left))
    .map(left => (left.phase === 'late' ? { ...left, askedAt: now } : left))
}

/** May the chat still be without something that is in the archive already? */
export const mayHold = (holes: ChatHoles | undefined): boolean =>
  holes?.some(({ phase }) => phase === 'open') ?? false

/** The newest hole that is to be asked for: an open one, or a late one whose time has come. */
export const nextHole = (holes: ChatHoles | undefined, now: number): Hole | undefined =>
  holes?.find(hole => hole.phase === 'open') ??
  holes?.find(hole => hole.phase === 'late' && hole.checkAt <= now)
