/** Time that passes only when it is told to. */
export type SimClock = {
  readonly now: () => number
  readonly after: (delayMs: number, action: () => void) => () => void
  /** Lets time pass. `settle` is awaited after each action that becomes due. */
  advance(milliseconds: number, settle: () => Promise<void>): Promise<void>
}

type Timer = { readonly dueAt: number; readonly action: () => void }

export function createSimClock(startMs = 1_800_000_000_000): SimClock {
  let now = startMs
  const timers = new Set<Timer>()
  const next = (until: number): number =>
    Math.min(until, ...[...timers].map(({ dueAt }) => dueAt).filter(dueAt => dueAt <= until))
  return {
    now: () => now,
    after(delayMs, action) {
      const timer = { dueAt: now + delayMs, action }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    async advance(milliseconds, settle) {
      const until = now + milliseconds
      for (;;) {
        now = next(until)
        const due = [...timers].filter(({ dueAt }) => dueAt <= now)
        if (due.length === 0) return
        // All that is due at one moment happens in it.
        for (const timer of due) {
          timers.delete(timer)
          timer.action()
        }
        await settle()
      }
    },
  }
}
