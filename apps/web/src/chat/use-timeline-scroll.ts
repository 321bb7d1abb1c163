import type { ChatId, TimelineWindow } from '@entangle/client'
import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react'
import { useEngine } from '../state/app-context.ts'
import type { TimelineItem } from './timeline-layout.ts'
import {
  growNewer,
  growOlder,
  resolveSlice,
  SLICE_FIRST,
  SLICE_PAGE,
  SLICE_SIZE,
  SLICE_STEP,
  type Slice,
  sliceAround,
  sliceAtEnd,
} from './timeline-slice.ts'

/** Rows asked of the engine at a time, and how close to the end of its window they are asked for. */
const FETCH = 120
const FETCH_BELOW = 60
/** Closer than this to the end counts as being there, and new messages keep it in view. */
const AT_BOTTOM_PX = 48
/** Closer than this to the top somebody waits for what is older. */
const NEAR_TOP_PX = 120
/** How long to leave the engine in peace when it had nothing older at hand yet. */
const ASK_AGAIN_MS = 1_500
/** A screenful is never more than a quarter of the rows, however tall the screen. */
const SHORTEST_ROW_PX = 38

const nativeAnchoring = typeof CSS !== 'undefined' && CSS.supports('overflow-anchor', 'auto')

type Anchor = { readonly element: HTMLElement; readonly top: number }

export type TimelineScroll = {
  readonly start: number
  readonly end: number
  /** More than a screen away from the end: time for a way back. */
  readonly away: boolean
  /** At the oldest row there is here, while there are older ones somewhere. */
  readonly reachesOlder: boolean
  readonly onScroll: () => void
  readonly toLatest: () => void
}

/**
 * Keeps a bounded number of rows in the document and the reader's place in them. Rows come and go in
 * normal flow, and the browser's own scroll anchoring holds what is on screen; it only needs help at the
 * very top, where it is inactive by definition, and in browsers that lack it.
 */
export function useTimelineScroll(
  chatId: ChatId,
  window: TimelineWindow,
  items: readonly TimelineItem[],
  scroller: RefObject<HTMLElement | null>,
  onSettled: () => void,
): TimelineScroll {
  const engine = useEngine()
  const [slice, setSlice] = useState<Slice>(() =>
    window.firstUnread === null
      ? sliceAtEnd({ items, live: !window.hasNewer }, SLICE_FIRST)
      : sliceAround({ items, live: !window.hasNewer }, window.firstUnread, SLICE_FIRST),
  )
  const [away, setAway] = useState(false)
  const [nearTop, setNearTop] = useState(false)
  const { start, end } = resolveSlice(items, slice)
  const live = end === items.length && !window.hasNewer

  const placed = useRef(false)
  const stuck = useRef(window.firstUnread === null)
  const fetching = useRef(false)
  const retry = useRef<ReturnType<typeof setTimeout>>(undefined)
  const look = useRef(() => {})
  const wantsLatest = useRef(false)
  const anchor = useRef<Anchor | null>(null)
  const latest = useRef({ window, items, slice, live })
  latest.current = { window, items, slice, live }

  const fetchMore = useCallback(
    (direction: 'older' | 'newer') => {
      if (fetching.current) return
      fetching.current = true
      const oldest = latest.current.window.rows[0]?.messageId
      const again = () => {
        fetching.current = false
      }
      engine.request('extendTimeline', { chatId, direction, count: FETCH }).then(next => {
        // Older rows may still have to come from afar: the same answer again is no reason to hurry.
        const came = next.rows[0]?.messageId !== oldest
        if (direction === 'newer' || came || !next.hasOlder) again()
        else
          retry.current = setTimeout(() => {
            again()
            look.current()
          }, ASK_AGAIN_MS)
      }, again)
    },
    [engine, chatId],
  )

  /** Keeps a screen and a half of rows ready on both sides of what is seen. */
  const fill = useCallback(() => {
    const element = scroller.current
    if (element === null) return
    const { window: present, items: all, slice: shown } = latest.current
    const { start: first, end: past } = resolveSlice(all, shown)
    const source = { items: all, live: !present.hasNewer }
    const margin = element.clientHeight * 1.5
    const size = Math.max(SLICE_SIZE, Math.ceil((element.clientHeight / SHORTEST_ROW_PX) * 4) + SLICE_PAGE)
    const below = element.scrollHeight - element.clientHeight - element.scrollTop
    if (element.scrollTop < margin) {
      if (first < FETCH_BELOW && present.hasOlder) fetchMore('older')
      const next = growOlder(source, shown, size, pageFor(element.scrollTop, margin))
      if (next !== null) {
        // At offset 0 there is nothing to anchor to: one pixel down, there is.
        if (nativeAnchoring && element.scrollTop < 1) element.scrollTop = 1
        setSlice(next)
        return
      }
    }
    if (below < margin) {
      if (all.length - past < FETCH_BELOW && present.hasNewer) fetchMore('newer')
      const next = growNewer(source, shown, size, pageFor(below, margin))
      if (next !== null) setSlice(next)
      // Reading along for hours must not grow the document without end.
      else if (source.live && below <= AT_BOTTOM_PX && past - first > size + SLICE_PAGE)
        setSlice(sliceAtEnd(source, size))
    }
  }, [scroller, fetchMore])

  const rememberAnchor = useCallback(() => {
    if (nativeAnchoring || scroller.current === null) return
    anchor.current = firstVisible(scroller.current)
  }, [scroller])

  const frame = useRef(0)
  const onScroll = useCallback(() => {
    const element = scroller.current
    if (element === null || !placed.current) return
    const below = element.scrollHeight - element.clientHeight - element.scrollTop
    stuck.current = latest.current.live && below <= AT_BOTTOM_PX
    rememberAnchor()
    if (frame.current !== 0) return
    frame.current = requestAnimationFrame(() => {
      frame.current = 0
      setAway(!latest.current.live || below > element.clientHeight)
      setNearTop(element.scrollTop < NEAR_TOP_PX)
      fill()
      onSettled()
    })
  }, [scroller, fill, onSettled, rememberAnchor])

  look.current = onScroll

  // After every commit, since any of them may have changed what is in the document.
  useLayoutEffect(() => {
    const element = scroller.current
    if (element === null) return
    if (!placed.current) {
      placed.current = true
      const separator = element.querySelector<HTMLElement>('[data-key="new"]')
      if (separator === null) element.scrollTop = element.scrollHeight
      else element.scrollTop = Math.max(0, separator.offsetTop - element.clientHeight / 5)
    } else if (wantsLatest.current && !window.hasNewer && !live) {
      setSlice(sliceAtEnd({ items, live: true }))
    } else if (live && (stuck.current || wantsLatest.current)) {
      element.scrollTop = element.scrollHeight
      stuck.current = true
      wantsLatest.current = false
    } else if (!nativeAnchoring && anchor.current?.element.isConnected) {
      element.scrollTop += anchor.current.element.offsetTop - anchor.current.top
    }
    rememberAnchor()
    onScroll()
  })

  // The keyboard, the composer or the window change the height: what was at the end stays there.
  useEffect(() => {
    const element = scroller.current
    if (element === null) return
    const observer = new ResizeObserver(() => {
      if (stuck.current) element.scrollTop = element.scrollHeight
      onScroll()
    })
    observer.observe(element)
    for (const child of element.children) observer.observe(child)
    return () => observer.disconnect()
  }, [scroller, onScroll])

  useEffect(
    () => () => {
      clearTimeout(retry.current)
      cancelAnimationFrame(frame.current)
      frame.current = 0
    },
    [],
  )

  const toLatest = useCallback(() => {
    wantsLatest.current = true
    const { window: present, items: all } = latest.current
    if (present.hasNewer) engine.request('openTimeline', { chatId, at: 'latest' }).catch(() => {})
    // Rows that go with those that come move all others: a slice that ends here stays as it is, and only scrolls.
    else setSlice(shown => (shown.to === null ? { ...shown } : sliceAtEnd({ items: all, live: true })))
  }, [engine, chatId])

  const reachesOlder = nearTop && start === 0 && window.hasOlder
  return { start, end, away, reachesOlder, onScroll, toLatest }
}

const pageFor = (readyPx: number, margin: number): number => (readyPx < margin / 2 ? SLICE_PAGE : SLICE_STEP)

function firstVisible(scroller: HTMLElement): Anchor | null {
  const edge = scroller.scrollTop
  for (const element of scroller.querySelectorAll<HTMLElement>('li[data-key]')) {
    if (element.offsetTop + element.offsetHeight > edge) return { element, top: element.offsetTop }
  }
  return null
}
