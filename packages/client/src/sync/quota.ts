import type { Clock } from '../ports/clock.ts'

/** Room is made by people, not in seconds; and a full server is not to be asked with every message. */
const REST_MS = 3600_000

/**
 * Whether the server has room for more of one kind. What found none stays on this device; it is tried again after a
 * rest.
 */
export function createQuota(clock: Clock, tryAgain: () => void) {
  const listeners = new Set<() => void>()
  let isFull = false
  let restsUntil = 0
  let cancel: (() => void) | undefined

  const become = (full: boolean) => {
    if (isFull === full) return
    isFull = full
    for (const listener of [...listeners]) listener()
  }

  return {
    isFull: (): boolean => isFull,
    mayTry: (): boolean => clock.now() >= restsUntil,
    /** The server has refused more. */
    exhausted(): void {
      restsUntil = clock.now() + REST_MS
      cancel?.()
      cancel = clock.after(REST_MS, tryAgain)
      become(true)
    },
    /** The server has taken more. */
    taken(): void {
      become(false)
    },
    /** Called after every change. Returns the unsubscriber. */
    listen(listener: () => void): () => void {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
    stop: (): void => cancel?.(),
  }
}
export type Quota = ReturnType<typeof createQuota>
