/** Random choices that a seed repeats. Not for secrets. */
export type SeededRandom = {
  readonly seed: number
  /** A number in [0, 1). */
  next(): number
  /** An integer in [least, most], both included. */
  integer(least: number, most: number): number
  pick<T>(values: readonly T[]): T
}

/** The seed is SEED from the environment, or a new one; it is printed, so that a failure can be repeated. */
export function createSeededRandom(purpose: string): SeededRandom {
  const given = Number(process.env['SEED'])
  const seed = Number.isInteger(given) && given > 0 ? given : Math.ceil(Math.random() * 0x7fff_ffff)
  process.stdout.write(`${purpose}: SEED=${seed}\n`)
  return randomFrom(seed)
}

/** Mulberry32: 32 bits of state are plenty to choose moments and sizes. */
export function randomFrom(seed: number): SeededRandom {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }
  const integer = (least: number, most: number) => least + Math.floor(next() * (most - least + 1))
  return {
    seed,
    next,
    integer,
    pick(values) {
      const chosen = values[integer(0, values.length - 1)]
      if (chosen === undefined) throw new RangeError('nothing to pick from')
      return chosen
    },
  }
}
