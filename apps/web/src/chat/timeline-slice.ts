/**
 * Which items of the engine's window are in the document: a bounded piece named by its ends' keys, so
 * that it keeps its place when the window grows at either side. `to: null` follows the live end.
 */
export type Slice = { readonly from: string | null; readonly to: string | null }

type Keyed = { readonly key: string }

export const SLICE_PAGE = 40
export const SLICE_SIZE = 120

export type SliceRange = { readonly start: number; readonly end: number }

/** Slice → indices into the present items, `end` exclusive. Ends that were let go fall back to the edges. */
export function resolveSlice(items: readonly Keyed[], slice: Slice): SliceRange {
  const from = slice.from === null ? -1 : items.findIndex(item => item.key === slice.from)
  const to = slice.to === null ? -1 : items.findIndex(item => item.key === slice.to)
  const end = to === -1 ? items.length : to + 1
  const start = from === -1 ? 0 : from
  return start < end ? { start, end } : { start: Math.max(0, end - SLICE_SIZE), end }
}

function sliceOf(items: readonly Keyed[], start: number, end: number): Slice {
  return {
    from: items[start]?.key ?? null,
    to: end >= items.length ? null : (items[end - 1]?.key ?? null),
  }
}

/** The last `size` items. */
export function sliceAtEnd(items: readonly Keyed[], size = SLICE_SIZE): Slice {
  return sliceOf(items, Math.max(0, items.length - size), items.length)
}

/** A piece with `key` a third from its top. */
export function sliceAround(items: readonly Keyed[], key: string, size = SLICE_SIZE): Slice {
  const index = items.findIndex(item => item.key === key)
  if (index === -1) return sliceAtEnd(items, size)
  const start = Math.max(0, Math.min(index - Math.floor(size / 3), items.length - size))
  return sliceOf(items, start, start + size)
}

/** Grows towards older items and lets the newest of a full slice go. Null when it already starts there. */
export function growOlder(items: readonly Keyed[], slice: Slice, size = SLICE_SIZE): Slice | null {
  const { start, end } = resolveSlice(items, slice)
  if (start === 0) return null
  const next = Math.max(0, start - SLICE_PAGE)
  return sliceOf(items, next, Math.min(end, next + size))
}

/** Grows towards newer items and lets the oldest of a full slice go. Null when it already ends there. */
export function growNewer(items: readonly Keyed[], slice: Slice, size = SLICE_SIZE): Slice | null {
  const { start, end } = resolveSlice(items, slice)
  if (end >= items.length) return null
  const next = Math.min(items.length, end + SLICE_PAGE)
  return sliceOf(items, Math.max(start, next - size), next)
}
