import { useEffect, useMemo, useState, useSyncExternalStore } from 'react'

/** True once `ms` have passed since the component appeared: for what must not flash. */
export function useDelayed(ms: number): boolean {
  const [due, setDue] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setDue(true), ms)
    return () => clearTimeout(timer)
  }, [ms])
  return due
}

export function useMedia(query: string): boolean {
  // Asked at each drawing: a list that is kept has its answer ready.
  const { subscribe, matches } = useMemo(() => {
    const list = matchMedia(query)
    return {
      subscribe: (notify: () => void) => {
        list.addEventListener('change', notify)
        return () => list.removeEventListener('change', notify)
      },
      matches: () => list.matches,
    }
  }, [query])
  return useSyncExternalStore(subscribe, matches)
}

const MINUTE_MS = 60_000

/** The present time, renewed at most each minute: dates in lists grow old while nobody types. */
export function useNow(): number {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), MINUTE_MS)
    return () => clearInterval(timer)
  }, [])
  return now
}
