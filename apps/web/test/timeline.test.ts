import type { TimelineRow } from '@entangle/client'
import { describe, expect, it } from 'vitest'
import { layoutTimeline } from '../src/chat/timeline-layout.ts'
import {
  growNewer,
  growOlder,
  resolveSlice,
  SLICE_PAGE,
  sliceAround,
  sliceAtEnd,
} from '../src/chat/timeline-slice.ts'
import { isSame, reconcileList } from '../src/state/reconcile.ts'

const MINUTE = 60_000
const dayKey = (time: number) => String(Math.floor(time / 86_400_000))

function row(
  id: string,
  minutes: number,
  own = false,
  delivery: TimelineRow['delivery'] = null,
): TimelineRow {
  return {
    messageId: id as TimelineRow['messageId'],
    seq: 1,
    sender: (own ? 'me' : 'ada') as TimelineRow['sender'],
    own,
    time: minutes * MINUTE,
    content: { kind: 'text', text: id },
    delivery,
    failure: null,
  }
}

function layout(rows: TimelineRow[], firstUnread: string | null = null, hasOlder = false) {
  return layoutTimeline(
    { rows, hasOlder, firstUnread: firstUnread as TimelineRow['messageId'] | null, unreadAtOpen: 3 },
    dayKey,
  ).map(item => {
    if (item.kind === 'notice') return `notice ${item.key}${item.first ? ' first' : ''}`
    if (item.kind !== 'message') return item.kind === 'new' ? `new ${item.count}` : 'day'
    return `${item.key}${item.first ? ' first' : ''}${item.last ? ' last' : ''}`
  })
}

describe('timeline layout', () => {
  it('groups by sender within five minutes', () => {
    expect(layout([row('a', 0), row('b', 5), row('c', 11), row('d', 11, true)])).toEqual([
      'day',
      'a first',
      'b last',
      'c first last',
      'd first last',
    ])
  })

  it('puts notices between runs, close to each other', () => {
    const notice = (id: string, minutes: number): TimelineRow => ({
      ...row(id, minutes),
      content: { kind: 'notice', notice: { kind: 'left' } },
    })
    expect(layout([row('a', 0), notice('b', 1), notice('c', 1), row('d', 2)])).toEqual([
      'day',
      'a first last',
      'notice b first',
      'notice c',
      'd first last',
    ])
  })

  it('breaks a group at midnight, at the new separator and after a failure', () => {
    const midnight = 24 * 60
    expect(layout([row('a', midnight - 1), row('b', midnight), row('c', midnight + 1)], 'c')).toEqual([
      'day',
      'a first last',
      'day',
      'b first last',
      'new 3',
      'c first last',
    ])
    expect(layout([row('a', 0, true, 'failed'), row('b', 1, true, 'queued')])).toEqual([
      'day',
      'a first last',
      'b first last',
    ])
  })

  it('names no day above the first row while older ones are not loaded', () => {
    expect(layout([row('a', 0)], null, true)).toEqual(['a first last'])
  })
})

describe('timeline slice', () => {
  const items = Array.from({ length: 300 }, (_, index) => ({ key: String(index) }))
  const live = { items, live: true }

  it('starts at the end or around an item', () => {
    expect(resolveSlice(items, sliceAtEnd(live))).toEqual({ start: 180, end: 300 })
    expect(resolveSlice(items, sliceAround(live, '100'))).toEqual({ start: 60, end: 180 })
    expect(resolveSlice(items, sliceAround(live, '5'))).toEqual({ start: 0, end: 120 })
    expect(resolveSlice(items, sliceAround(live, '299'))).toEqual({ start: 180, end: 300 })
    expect(
      resolveSlice(items.slice(0, 3), sliceAround({ items: items.slice(0, 3), live: true }, '1')),
    ).toEqual({ start: 0, end: 3 })
  })

  it('grows to both sides and stays bounded', () => {
    const older = growOlder(live, sliceAtEnd(live))
    expect(older).toEqual({ from: String(180 - SLICE_PAGE), to: String(299 - SLICE_PAGE) })
    const newer = growNewer(live, older ?? { from: null, to: null })
    expect(newer).toEqual({ from: '180', to: null })
    expect(growNewer(live, { from: '180', to: null })).toBeNull()
    expect(growOlder(live, { from: '0', to: '119' })).toBeNull()
  })

  it('keeps its place when the window grows in front of it and follows the live end', () => {
    const slice = sliceAtEnd(live)
    const grown = [
      ...Array.from({ length: 50 }, (_, index) => ({ key: `old ${index}` })),
      ...items,
      { key: 'x' },
    ]
    expect(resolveSlice(grown, slice)).toEqual({ start: 230, end: 351 })
  })

  it('stays bounded at the end of what is loaded while the conversation goes on', () => {
    const loaded = { items, live: false }
    const end = sliceAtEnd(loaded)
    expect(end.to).toBe('299')
    expect(growNewer(loaded, end)).toBeNull()
    const more = { items: [...items, { key: 'x' }], live: true }
    expect(resolveSlice(more.items, end)).toEqual({ start: 180, end: 300 })
    expect(growNewer(more, end)).toEqual({ from: '181', to: null })
    expect(growNewer(live, end)).toEqual({ from: '180', to: null })
  })

  it('falls back to the edges when its ends were let go', () => {
    expect(resolveSlice(items, { from: 'gone', to: 'gone too' })).toEqual({ start: 0, end: 300 })
    expect(resolveSlice([], { from: 'a', to: 'b' })).toEqual({ start: 0, end: 0 })
  })
})

describe('reconcile', () => {
  it('keeps the objects that did not change, and the list when none did', () => {
    const before = [
      { id: 'a', deep: { n: 1 } },
      { id: 'b', deep: { n: 2 } },
    ]
    const copy = structuredClone(before)
    expect(reconcileList(before, copy, item => item.id)).toBe(before)
    const changed = structuredClone(before)
    const second = changed[1]
    if (second) second.deep.n = 3
    const merged = reconcileList(before, changed, item => item.id)
    expect(merged[0]).toBe(before[0])
    expect(merged[1]).toEqual({ id: 'b', deep: { n: 3 } })
  })

  it('compares plain data', () => {
    expect(isSame({ a: null }, { a: undefined })).toBe(false)
    expect(isSame({ a: [1, 2] }, { a: [1, 2] })).toBe(true)
    expect(isSame({ a: 1 }, { b: 1 })).toBe(false)
    expect(isSame(null, {})).toBe(false)
  })
})
