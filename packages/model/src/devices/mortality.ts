import { NetworkError } from '@entangle/client/ports'

const dead = () => new NetworkError('this engine is dead')

/** One life of an engine. Counts every step that leaves it, and ends it before or after the effect of one of them. */
export type Mortality = {
  readonly isDead: () => boolean
  readonly count: () => number
  /** Dies at this many steps from now. */
  readonly dieIn: (steps: number) => void
  readonly die: () => void
  /** Runs an effect that the engine awaits. */
  readonly live: <T>(effect: () => Promise<T>) => Promise<T>
  /** Runs an effect that nobody awaits. */
  readonly liveNow: (effect: () => void) => void
}

export function createMortality(onDeath: () => void): Mortality {
  let count = 0
  let fatal = Number.POSITIVE_INFINITY
  let isDead = false

  const die = () => {
    if (isDead) return
    isDead = true
    onDeath()
  }
  /** True when this step is the last. */
  const isFatal = (): boolean => {
    if (!isDead && count++ >= fatal) die()
    return isDead
  }

  return {
    isDead: () => isDead,
    count: () => count,
    dieIn(steps) {
      fatal = count + steps
    },
    die,
    async live(effect) {
      if (isFatal()) throw dead()
      const result = await effect()
      if (isFatal()) throw dead()
      return result
    },
    liveNow(effect) {
      if (isFatal()) return
      effect()
      isFatal()
    },
  }
}
