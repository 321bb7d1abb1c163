import type { ChatSummary } from '@entangle/client'

const DAY_MS = 86_400_000

/** The account's setting that holds when the reminder was put off. */
export const PUT_OFF = 'recovery-later'

export const REMIND_AFTER_MS = 3 * DAY_MS

/** `putOffAt`: when somebody chose 'Later', on whichever device; null when nobody did. A clock set back does not silence it. */
export function isPutOff(putOffAt: number | null, now: number): boolean {
  return putOffAt !== null && putOffAt <= now && now - putOffAt < REMIND_AFTER_MS
}

/** Somebody who has a conversation has something to lose; before that a question would only be in the way. */
export function hasSomethingToLose(chats: readonly ChatSummary[]): boolean {
  return chats.some(
    ({ standing, last }) =>
      standing === 'accepted' &&
      last !== null &&
      !(last.own && (last.delivery === 'queued' || last.delivery === 'failed')),
  )
}
