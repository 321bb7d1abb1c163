/** Time and chance, injected so that tests decide both. */
export type Clock = {
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Runs `action` once after the delay; the answer cancels it. */
  readonly after: (delayMs: number, action: () => void) => () => void
  /** Uniform in [0, 1): for jitter only, never for secrets. */
  readonly random: () => number
}

export const sleep = (clock: Clock, delayMs: number): Promise<void> =>
  new Promise(resolve => {
    clock.after(delayMs, resolve)
  })
