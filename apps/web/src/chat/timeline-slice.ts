/**
 * Which items of the engine's window are in the document: a bounded piece named by its ends' keys, so
 * that it keeps its place when the window grows at either side. `to: null` follows the live end.
 */
export type Slice = { readonly from: string | null; readonly to: string | null }

type Keyed = { readonly key: string }

/** Rows that come at a time: few, so that no frame is missed for them; more, where the reader is about to catch up. */
export const SLICE_STEP = 12
export const SLICE_PAGE = 24
/** The first screen is drawn before there is anything beyond it. */
export const SLICE_FIRST = 36
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

/** `live`: the items end where the conversation ends, so a slice that reaches them goes on with it. */
export type SliceSource = { readonly items: readonly Keyed[]; readonly live: boolean }

function sliceOf({ items, live }: SliceSource, start: number, end: number): Slice {
  return {
    from: items[start]?.key ?? null,
    to: end >= items.length && live ? null : (items[Math.min(end, items.length) - 1]?.key ?? null),
  }
}

/** The last `size` items. */
export function sliceAtEnd(source: SliceSource, size = SLICE_SIZE): Slice {
  const { length } = source.items
  return sliceOf(source, Math.max(0, length - size), length)
}

/** A piece with `key` a third from its top. */
export function sliceAround(source: SliceSource, key: string, size = SLICE_SIZE): Slice {
  const { items } = source
  const index = items.findIndex(item => item.key === key)
  if (index === -1) return sliceAtEnd(source, size)
  const start = Math.max(0, Math.min(index - Math.floor(size / 3), items.length - size))
  return sliceOf(source, start, start + size)
}

/** Grows towards older items and lets the newest of a full slice go. Null when it already starts there. */
export function growOlder(
  source: SliceSource,
  slice: Slice,
  size = SLICE_SIZE,
  page = SLICE_PAGE,
): Slice | null {
  const { start, end } = resolveSlice(source.items, slice)
  if (start === 0) return null
  const next = Math.max(0, start - page)
  return sliceOf(source, next, Math.min(end, next + size))
}

/** Grows towards newer items and lets the oldest of a full slice go. Null when it already ends there. */
export function growNewer(
  source: SliceSource,
  slice: Slice,
  size = SLICE_SIZE,
  page = SLICE_PAGE,
): Slice | null {
  const { items, live } = source
  const { start, end } = resolveSlice(items, slice)
  if (end >= items.length && (slice.to === null) === live) return null
  const next = Math.min(items.length, end + page)
  return sliceOf(source, Math.max(start, next - size), next)
}
