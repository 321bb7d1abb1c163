import { LIMITS } from '@entangle/protocol'

/** Waiting times in milliseconds, and a few amounts, that tests make smaller. */
export type Timing = {
  /** A device that joined by a Welcome commits a new leaf key within this range. */
  readonly selfUpdate: { readonly min: number; readonly max: number }
  /** After its own last commit a device in use gives itself a new leaf key within this range. */
  readonly renewal: { readonly min: number; readonly max: number }
  /** How long the keys of past epochs are kept at most. */
  readonly pastEpochs: number
  /** When somebody leaves a group, the others take them out of the tree within this range: whoever comes first. */
  readonly leaverSweep: { readonly min: number; readonly max: number }
  /** Who comes in by a link is told within this range what the link could not tell. */
  readonly linkTelling: { readonly min: number; readonly max: number }
  /** Who came into a group and was told nothing of it asks within this range, and later ever less often. */
  readonly stateRequest: { readonly min: number; readonly max: number }
  /** How long a person waits for what they want of a group. */
  readonly wish: number
  readonly receiptDelay: number
  readonly typingExpiry: number
  readonly typingRepeat: number
  readonly headCheck: { readonly min: number; readonly max: number }
  readonly ping: number
  /** No frame for so long means that the connection is dead. */
  readonly silence: number
  /** The same after a hint that the network has changed. */
  readonly probe: number
  /** A sent message without an answer for so long means the same. */
  readonly ackTimeout: number
  readonly greeting: number
  /** Messages of one connection; less than the server allows. */
  readonly sendRate: { readonly burst: number; readonly perSecond: number }
  /** How long stored messages are collected before they go to the archive. */
  readonly archiveDelay: number
  /** How long changes of the account state are collected before they go to the other devices. */
  readonly stateDelay: number
  /** A draft that was written here so recently is not replaced by another device's. */
  readonly editing: number
  /** How many key packages lie at the server, and below how many more are made. */
  readonly keyPackages: { readonly pool: number; readonly refillBelow: number }
  readonly backoff: { readonly base: number; readonly most: number }
}

const DAY = 24 * 3600 * 1000

export const DEFAULT_TIMING: Timing = {
  selfUpdate: { min: 5_000, max: 30_000 },
  renewal: { min: 7 * DAY, max: 8 * DAY },
  pastEpochs: 14 * DAY,
  leaverSweep: { min: 200, max: 4_000 },
  linkTelling: { min: 500, max: 3_000 },
  stateRequest: { min: 10_000, max: 20_000 },
  wish: 30_000,
  receiptDelay: 500,
  typingExpiry: 5_000,
  typingRepeat: 3_000,
  headCheck: { min: 30_000, max: 60_000 },
  ping: 25_000,
  silence: 40_000,
  probe: 2_000,
  ackTimeout: 15_000,
  greeting: 10_000,
  sendRate: { burst: 150, perSecond: 45 },
  archiveDelay: 1_500,
  stateDelay: 400,
  editing: 10_000,
  keyPackages: { pool: LIMITS.keyPackagePool, refillBelow: LIMITS.keyPackageRefillBelow },
  backoff: { base: 500, most: 30_000 },
}

export const between = (range: { min: number; max: number }, chance: number): number =>
  range.min + (range.max - range.min) * chance

/** Full jitter: anywhere between (almost) nothing and a doubling limit, so that clients do not return in step. */
export const backoffMs = (timing: Timing, attempt: number, chance: number): number =>
  Math.max(50, Math.min(timing.backoff.most, timing.backoff.base * 2 ** attempt) * chance)
