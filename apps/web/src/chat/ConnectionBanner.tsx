import type { ConnectionState } from '@entangle/client'
import { CloudOff, RefreshCw } from 'lucide-react'
import { useEffect, useState } from 'react'
import { useApp } from '../state/app-context.ts'
import { cx } from '../ui/cx.ts'
import styles from './ConnectionBanner.module.css'

const QUIET_MS = 2_000

/** Lies over the timeline, so nothing moves when it comes or goes. Short breaks pass unmentioned. */
export function ConnectionBanner() {
  const connection = useApp(state => state.connection)
  const due = useQuietPeriodOver(connection)
  const shown = due ? connection.phase : 'online'
  return (
    <div className={styles.place} role="status">
      {shown !== 'online' && (
        <div className={cx(styles.banner, shown === 'offline' && styles.offline)}>
          {shown === 'connecting' ? (
            <RefreshCw size={15} className={styles.turning} aria-hidden="true" />
          ) : (
            <CloudOff size={15} aria-hidden="true" />
          )}
          {shown === 'connecting' ? 'Reconnecting…' : 'Offline. Messages will be sent when you are back.'}
        </div>
      )}
    </div>
  )
}

function useQuietPeriodOver(connection: ConnectionState): boolean {
  const since = connection.phase === 'online' ? null : connection.since
  const [over, setOver] = useState(false)
  useEffect(() => {
    setOver(false)
    if (since === null) return
    const wait = Math.max(0, Math.min(QUIET_MS, since + QUIET_MS - Date.now()))
    const timer = setTimeout(() => setOver(true), wait)
    return () => clearTimeout(timer)
  }, [since])
  return over
}
