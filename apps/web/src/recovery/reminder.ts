import type { ChatSummary } from '@entangle/client'

const DAY_MS = 86_400_000
const KEY = 'entangle.phrase-later'

export const REMIND_AFTER_MS = 3 * DAY_MS

/** When the reminder was put off on this device; null when it was not. A clock set back does not silence it. */
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

export function readPutOff(): number | null {
  const stored = Number(localStorage.getItem(KEY) ?? Number.NaN)
  return Number.isFinite(stored) ? stored : null
}

export function putOff(now: number): void {
  localStorage.setItem(KEY, String(now))
}

/** On signing out: the next account here is reminded in its own time. */
export function forgetPutOff(): void {
  localStorage.removeItem(KEY)
}
