import type { SessionState } from '@entangle/client'

const KEY = 'entangle.visit'

/** How the last visit here ended; null: nobody has been here, or left nothing behind. */
export type LastVisit = 'signed-in' | 'signed-out' | null

/** Read before the engine has started, so that the screen to come is there at once. */
export function readLastVisit(storage: Pick<Storage, 'getItem'>): LastVisit {
  const value = storage.getItem(KEY)
  return value === 'signed-in' || value === 'signed-out' ? value : null
}

export function rememberVisit(storage: Pick<Storage, 'setItem' | 'removeItem'>, session: SessionState): void {
  if (session.phase === 'starting') return
  if (session.phase === 'signed-out' && session.remembered === null) storage.removeItem(KEY)
  else storage.setItem(KEY, session.phase)
}

/** What is shown until the engine knows. Whoever comes for the first time need not wait for it. */
export function expectedSession(last: LastVisit): SessionState {
  return last === null ? { phase: 'signed-out', remembered: null, reason: null } : { phase: 'starting' }
}
