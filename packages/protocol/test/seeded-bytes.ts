/** Repeatable pseudo-random bytes (xorshift32) for fuzzing; the seed names the run. */
export function seededBytes(seed: number): (length: number) => Uint8Array {
  let state = seed >>> 0 || 1
  return length => {
    const bytes = new Uint8Array(length)
    for (let index = 0; index < length; index++) {
      state ^= state << 13
      state ^= state >>> 17
      state ^= state << 5
      bytes[index] = state >>> 8
    }
    return bytes
  }
}
