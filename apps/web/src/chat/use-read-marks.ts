import type { ChatId } from '@entangle/client'
import { type RefObject, useCallback, useEffect, useRef } from 'react'
import { useEngine } from '../state/app-context.ts'

const SETTLE_MS = 120

/** Tells the engine how far the person has seen: only what was on screen, in a window they look at. */
export function useReadMarks(chatId: ChatId, scroller: RefObject<HTMLElement | null>): () => void {
  const engine = useEngine()
  const told = useRef(-1)
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null)

  const tell = useCallback(() => {
    timer.current = null
    if (document.visibilityState !== 'visible' || !document.hasFocus()) return
    const seq = scroller.current === null ? null : lastSeenSeq(scroller.current)
    if (seq === null || seq <= told.current) return
    const before = told.current
    told.current = seq
    engine.request('markRead', { chatId, seq }).catch(() => {
      told.current = before
    })
  }, [engine, chatId, scroller])

  const check = useCallback(() => {
    timer.current ??= setTimeout(tell, SETTLE_MS)
  }, [tell])

  useEffect(() => {
    addEventListener('focus', check)
    document.addEventListener('visibilitychange', check)
    return () => {
      removeEventListener('focus', check)
      document.removeEventListener('visibilitychange', check)
      if (timer.current !== null) clearTimeout(timer.current)
      timer.current = null
    }
  }, [check])
  return check
}

/** The highest place in the conversation whose bubble's end is above the lower edge. */
function lastSeenSeq(scroller: HTMLElement): number | null {
  const edge = scroller.getBoundingClientRect().bottom + 8
  const rows = scroller.querySelectorAll<HTMLElement>('li[data-seq]')
  let low = 0
  let high = rows.length
  while (low < high) {
    const middle = (low + high) >> 1
    const bottom = rows[middle]?.getBoundingClientRect().bottom ?? 0
    if (bottom <= edge) low = middle + 1
    else high = middle
  }
  const seq = rows[low - 1]?.dataset['seq']
  return seq === undefined ? null : Number(seq)
}
