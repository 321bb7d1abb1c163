/** So long nothing is said of a message that does not open: it may be there in a moment. */
const QUIET_MS = 10_000
/** A device that is alone in its account asks its archive a few times. */
const ALONE_MS = 10 * 60_000
/** Another device of the account may be switched off for a weekend. */
const WITH_OTHERS_MS = 3 * 24 * 3600_000

export type PendingState = 'waiting' | 'repairing' | 'lost'

export type Search = {
  /** When the message did not open. */
  readonly since: number
  /** When the archive was last asked for it; undefined when it is not asked any more. */
  readonly askedAt: number | undefined
  /** Whether the account has other devices, which may have read it. */
  readonly hasSiblings: boolean
}

/**
 * How it stands with a message that does not open here, and when that may be another answer. It is called lost once
 * the archive was asked after all the time that others were given; should it be brought later, it is found.
 */
export function pendingState(
  { since, askedAt, hasSiblings }: Search,
  now: number,
): { readonly state: PendingState; readonly changesAt: number | null } {
  const quietUntil = since + QUIET_MS
  if (now < quietUntil) return { state: 'waiting', changesAt: quietUntil }
  const givenUpAt = since + (hasSiblings ? WITH_OTHERS_MS : ALONE_MS)
  if (now < givenUpAt) return { state: 'repairing', changesAt: givenUpAt }
  const isAsked = askedAt === undefined || askedAt >= givenUpAt
  return { state: isAsked ? 'lost' : 'repairing', changesAt: null }
}
