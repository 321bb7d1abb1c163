export const median = (values: readonly number[]): number =>
  [...values].sort((one, other) => one - other)[values.length >> 1] ?? 0

/** Milliseconds that a piece of work takes, with what it answered. */
export function timed<T>(work: () => T): { readonly ms: number; readonly result: T } {
  const started = performance.now()
  const result = work()
  return { ms: performance.now() - started, result }
}

/** Median milliseconds of several rounds. */
export const medianMs = (rounds: number, work: (round: number) => void): number =>
  median(Array.from({ length: rounds }, (_, round) => timed(() => work(round)).ms))
