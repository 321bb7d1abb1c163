import { Archive } from 'lucide-react'
import { Link } from 'wouter'
import { quotaTitle } from '../settings/quota-text.ts'
import { useApp } from '../state/app-context.ts'
import styles from './QuotaLine.module.css'

/** Says it once, quietly, below the chats; the settings say the rest. */
export function QuotaLine() {
  const quota = useApp(state => state.quota)
  const isFull = quota.historyFull || quota.settingsFull
  return (
    <div role="status">
      {isFull && (
        <Link href="/settings" className={styles.line}>
          <Archive size={16} aria-hidden="true" />
          <span>
            {quotaTitle(quota)} <b>What this means</b>
          </span>
        </Link>
      )}
    </div>
  )
}
