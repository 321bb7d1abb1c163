import type { Clock } from '../ports/clock.ts'

/** Answers of another service that are believed for a moment, so that a burst of requests asks once. */
export type Beliefs<Key, Value> = {
  /** An answer that is younger than `believedMs`, or a new one. */
  ask(key: Key, believedMs: number, question: () => Promise<Value>): Promise<Value>
  /** What the answer to another question has told, which was asked then. */
  learn(key: Key, value: Value, askedAt: number): void
}

const LIMIT = 50_000

/** A question that fails is not believed; while one is on its way, whoever asks the same waits for it. */
export function createBeliefs<Key, Value>(clock: Pick<Clock, 'now'>): Beliefs<Key, Value> {
  const known = new Map<Key, { readonly answer: Promise<Value>; readonly since: number }>()
  function believe(key: Key, answer: Promise<Value>, since: number): void {
    if (known.size >= LIMIT) known.clear()
    known.set(key, { answer, since })
  }
  return {
    ask(key, believedMs, question) {
      const now = clock.now()
      const belief = known.get(key)
      // Below zero: the clock was set back, and nobody knows how old it is.
      if (belief !== undefined && now >= belief.since && now - belief.since < believedMs) return belief.answer
      const answer = question()
      believe(key, answer, now)
      answer.catch(() => known.delete(key))
      return answer
    },
    learn(key, value, askedAt) {
      const since = known.get(key)?.since
      if (since === undefined || since <= askedAt) believe(key, Promise.resolve(value), askedAt)
    },
  }
}
