/** Time comes from outside, so that tests can move it. */
export type Clock = {
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Runs `action` once after the delay, without keeping the process alive; the answer cancels it. */
  readonly after: (delayMs: number, action: () => void) => () => void
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, action) {
    const timer = setTimeout(action, delayMs).unref()
    return () => clearTimeout(timer)
  },
}
