import { PINNED_SEEDS } from '../pinned-seeds.ts'

/** How much happens in a history. */
export type Form = {
  readonly operations: number
  readonly mostDevices: number
  /** How long everything flows, when all heals, before somebody looks whether all is well. */
  readonly lookEveryMs: number
}

const WIDE: Form = { operations: 105, mostDevices: 9, lookEveryMs: 30_000 }

/** As much as every history must have. What more devices or a later look would show, the wide ones show. */
const LEAN: Form = { operations: 100, mostDevices: 7, lookEveryMs: 15_000 }

const WIDE_EACH = 4
const pinned: ReadonlySet<number> = new Set(PINNED_SEEDS.map(({ seed }) => seed))

/** Pinned seeds stay what they were when they failed. */
export const formOf = (seed: number): Form =>
  Math.floor(seed / 2) % WIDE_EACH === 0 || pinned.has(seed) ? WIDE : LEAN
