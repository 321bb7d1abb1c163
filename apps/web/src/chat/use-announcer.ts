import type { TimelineWindow } from '@entangle/client'
import { useEffect, useRef, useState } from 'react'
import { plural } from '../text/counting.ts'
import { spokenRow } from './row-words.ts'
import type { People } from './use-people.ts'

const GATHER_MS = 400
const MOST_SPOKEN = 3

/** Text for a polite live region: each new message, or their number when many come together. */
export function useAnnouncer(window: TimelineWindow, people: People): string {
  const [spoken, setSpoken] = useState('')
  const known = useRef<number | null>(null)
  const waiting = useRef<string[]>([])
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null)

  useEffect(() => {
    if (window.hasNewer) return
    const newest = window.rows.reduce((seq, row) => Math.max(seq, row.seq ?? -1), -1)
    const before = known.current
    known.current = Math.max(newest, before ?? -1)
    if (before === null) return
    for (const row of window.rows) {
      if (!row.own && row.seq !== null && row.seq > before) waiting.current.push(spokenRow(row, people))
    }
    if (waiting.current.length === 0 || timer.current !== null) return
    timer.current = setTimeout(() => {
      const texts = waiting.current
      waiting.current = []
      timer.current = null
      setSpoken(texts.length > MOST_SPOKEN ? plural(texts.length, 'new message') : texts.join('. '))
    }, GATHER_MS)
  }, [window, people])

  useEffect(
    () => () => {
      if (timer.current !== null) clearTimeout(timer.current)
      timer.current = null
    },
    [],
  )
  return spoken
}
