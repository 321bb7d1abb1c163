/**
 * The engine sends whole lists across a thread, so every object is new each time. Taking over the
 * former object where nothing changed lets memoised rows skip their work.
 */
export function reconcileList<Item>(
  before: readonly Item[] | null,
  after: readonly Item[],
  keyOf: (item: Item) => string,
): readonly Item[] {
  if (before === null) return after
  const known = new Map(before.map(item => [keyOf(item), item]))
  let same = before.length === after.length
  const merged = after.map((item, index) => {
    const former = known.get(keyOf(item))
    const kept = former !== undefined && isSame(former, item) ? former : item
    if (kept !== before[index]) same = false
    return kept
  })
  return same ? before : merged
}

/** Deep equality of plain data. */
export function isSame(left: unknown, right: unknown): boolean {
  if (Object.is(left, right)) return true
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false
  if (left instanceof Uint8Array) {
    return (
      right instanceof Uint8Array &&
      left.length === right.length &&
      left.every((byte, place) => byte === right[place])
    )
  }
  // Each window is compared whole with the one before it, so nothing is made here on the way.
  const other = right as Readonly<Record<string, unknown>>
  let size = 0
  for (const key in left) {
    if (!Object.hasOwn(other, key) || !isSame((left as typeof other)[key], other[key])) return false
    size++
  }
  for (const _ in right) size--
  return size === 0
}
