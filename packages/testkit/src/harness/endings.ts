/** How what was opened ends: the last first, and each once. */
export type Endings = {
  add(end: () => unknown): void
  keep<T extends { dispose(): Promise<unknown> }>(part: T): T
  dispose(): Promise<void>
}

export function createEndings(): Endings {
  const open: (() => unknown)[] = []
  let ending: Promise<void> | undefined
  const end = async () => {
    for (let last = open.pop(); last !== undefined; last = open.pop()) await last()
  }
  return {
    add: one => void open.push(one),
    keep(part) {
      open.push(() => part.dispose())
      return part
    },
    // Whoever asks for it twice, as two signals do, waits for the same end.
    dispose() {
      ending ??= end()
      return ending
    },
  }
}

/** What is opened one after the other; if the rest does not open, what did ends. */
export async function openAll<T>(open: (endings: Endings) => Promise<T>): Promise<T> {
  const endings = createEndings()
  try {
    return await open(endings)
  } catch (error) {
    await endings.dispose()
    throw error
  }
}

/** Like `Promise.all`, but fails only when nobody is on the way any more who would then run unseen. */
export async function allOrNone<T>(starting: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(starting)
  return Promise.all(starting)
}
