/**
 * Makes the platform's generator repeat itself: identifiers decide ties, so a schedule repeats only if they do.
 * Keys made after this call are known to anybody who knows the seed. Answers with the function that sets the seed.
 */
export function useUnsafeSeededEntropyForTesting(): (seed: number) => void {
  let state = 0
  const next = () => {
    state = (state + 0x9e3779b9) >>> 0
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    return (mixed ^ (mixed >>> 15)) >>> 0
  }
  const fill = <T extends ArrayBufferView | null>(view: T): T => {
    if (view === null) return view
    const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
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
    state = Math.imul(seed, 0x85ebca6b) >>> 0
  }
}
