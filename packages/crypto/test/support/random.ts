/** A small seeded generator (mulberry32): a failing run is repeated by its seed. */
export function seededRandom(seed: number): (below: number) => number {
  let state = seed >>> 0
  return below => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

/** Bends bytes: flips, cuts, repeats, inserts, or overwrites a stretch with one value. */
export function mutate(bytes: Uint8Array, below: (limit: number) => number): Uint8Array {
  const at = below(bytes.length + 1)
  switch (below(6)) {
    case 0:
      return bytes.length === 0 ? bytes : bytes.with(at % bytes.length, below(256))
    case 1:
      return bytes.slice(0, at)
    case 2:
      return Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(at >> 1)])
    case 3:
      return Uint8Array.from([...bytes.subarray(0, at), below(256), below(256), ...bytes.subarray(at)])
    case 4: {
      const bent = bytes.slice()
      bent.fill([0, 0x7f, 0x80, 0xbf, 0xff][below(5)] ?? 0, at, at + below(9))
      return bent
    }
    default: {
      const bent = bytes.slice()
      for (let flips = below(8) + 1; flips > 0 && bent.length > 0; flips--) {
        const where = below(bent.length)
        bent[where] = (bent[where] ?? 0) ^ (1 << below(8))
      }
      return bent
    }
  }
}
