export type HeldLock = {
  /** Resolves when somebody else stole the lock. */
  readonly lost: Promise<void>
  readonly release: () => void
}

/** An exclusive lock shared by everything that can open the same store. */
export type Lock = {
  /** Queues for the lock. */
  readonly wait: () => { readonly held: Promise<HeldLock>; readonly cancel: () => void }
  /** Takes it from whoever holds it. */
  readonly steal: () => Promise<HeldLock>
}
