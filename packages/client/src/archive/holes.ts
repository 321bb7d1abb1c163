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
}

/** Newest first. */
export type ChatHoles = readonly Hole[]

const FIRST_CHECK_MS = 2_000
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

export const isEmpty = ({ from, to }: Hole): boolean => to - from <= 1

/**
 * What is left of a hole after a page of the archive was read below its end. Devices archive in ascending order,
 * so what is missing above the newest record may still come; what is missing below it is no message.
 */
export function afterPage(
  hole: Hole,
  page: { readonly records: readonly SealedRecord[]; readonly hasMore: boolean },
  now: number,
  /** Places of records for which this device lacks the key so far. */
  locked: readonly number[] = [],
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
  const below: Hole = { ...hole, to: oldest, phase: 'open', untouched: false }
  const mayWait = now - hole.since < GIVE_UP_MS
  const rest = [
    ...(hole.untouched && mayWait ? [late] : []),
    ...(locked.length > 0 && mayWait ? [shut] : []),
    ...(isDone ? [] : [below]),
  ]
  return rest.filter(left => !isEmpty(left))
}

/** May the chat still be without something that is in the archive already? */
export const mayHold = (holes: ChatHoles | undefined): boolean =>
  holes?.some(({ phase }) => phase === 'open') ?? false

/** The newest hole that is to be asked for: an open one, or a late one whose time has come. */
export const nextHole = (holes: ChatHoles | undefined, now: number): Hole | undefined =>
  holes?.find(hole => hole.phase === 'open') ??
  holes?.find(hole => hole.phase === 'late' && hole.checkAt <= now)
