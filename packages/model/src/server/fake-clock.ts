/** Time that moves only when the schedule says so: every timer of clients and server waits here. */
export type FakeClock = {
  readonly now: () => number
  readonly after: (delayMs: number, action: () => void) => () => void
  /** When the next timer is due; undefined when none waits. */
  readonly nextAt: () => number | undefined
  /** Moves to the next timer and runs it. */
  readonly fireNext: () => void
  /** Another time, also an earlier one; what waits begins to wait anew. */
  readonly set: (nowMs: number) => void
}

type Timer = { readonly at: number; readonly delayMs: number; readonly action: () => void }

export function createFakeClock(startMs: number): FakeClock {
  let now = startMs
  let order = 0
  const timers = new Map<number, Timer>()

  const next = (): readonly [number, Timer] | undefined => {
    let first: readonly [number, Timer] | undefined
    // The map keeps the order of creation, which decides among equals.
    for (const entry of timers) if (first === undefined || entry[1].at < first[1].at) first = entry
    return first
  }

  return {
    now: () => now,
    after(delayMs, action) {
      const id = order++
      const wholeMs = Math.max(0, Math.ceil(delayMs))
      timers.set(id, { at: now + wholeMs, delayMs: wholeMs, action })
      return () => timers.delete(id)
    },
    nextAt: () => next()?.[1].at,
    fireNext() {
      const due = next()
      if (due === undefined) return
      const [id, { at, action }] = due
      timers.delete(id)
      now = Math.max(now, at)
      action()
    },
    set(nowMs) {
      const waiting = [...timers].sort(([, one], [, other]) => one.delayMs - other.delayMs)
      timers.clear()
      for (const [id, timer] of waiting) timers.set(id, { ...timer, at: nowMs + timer.delayMs })
      now = nowMs
    },
  }
}
