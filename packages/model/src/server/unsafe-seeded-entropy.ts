import { ID_BYTES } from '@entangle/protocol'

/** SplitMix32. */
function createGenerator() {
  let state = 0
  return {
    setSeed(seed: number): void {
      state = seed >>> 0
    },
    next(): number {
      state = (state + 0x9e3779b9) >>> 0
      let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
      mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
      return (mixed ^ (mixed >>> 15)) >>> 0
    },
  }
}

/**
 * Makes the platform's generator repeat itself: identifiers decide ties, so a schedule repeats only if they do. They come
 * from a source of their own, because nobody can say how much is drawn for keys and nonces, and by whom: connections to
 * the database and groups that the server opens draw too, when it suits them. Keys made after this call are known to
 * anybody who knows the seed. Answers with the function that sets the seed.
 */
export function useUnsafeSeededEntropyForTesting(): (seed: number) => void {
  const [ids, others] = [createGenerator(), createGenerator()]
  const fill = <T extends ArrayBufferView | null>(view: T): T => {
    if (view === null) return view
    const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
    const { next } = bytes.length === ID_BYTES ? ids : others
    for (let at = 0; at < bytes.length; at += 4) {
      const word = next()
      bytes[at] = word
      bytes[at + 1] = word >>> 8
      bytes[at + 2] = word >>> 16
      bytes[at + 3] = word >>> 24
    }
    return view
  }
  Object.defineProperty(globalThis.crypto, 'getRandomValues', { value: fill })
  return seed => {
    const state = Math.imul(seed, 0x85ebca6b)
    ids.setSeed(~state)
    others.setSeed(state)
  }
}
