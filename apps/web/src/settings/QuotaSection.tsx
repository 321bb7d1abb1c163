import { Archive } from 'lucide-react'
import { useApp } from '../state/app-context.ts'
import { Notice } from '../ui/Notice.tsx'
import { quotaTitle } from './quota-text.ts'
import styles from './SettingsScreen.module.css'

/** Only there while the server has no room: what still works, what does not, and who can help. */
export function QuotaSection() {
  const quota = useApp(state => state.quota)
  if (!quota.historyFull && !quota.settingsFull) return null
  return (
    <section className={styles.section} aria-label="Room on the server">
      <h3 className={styles.heading}>Room on the server</h3>
      <Notice tone="warning" icon={<Archive size={18} aria-hidden="true" />}>
        {quotaTitle(quota)} Nothing is lost: it stays on this device.
      </Notice>
      {quota.historyFull && (
        <p className={styles.lead}>
          Messages come and go as before. A new device would not find the latest ones.
        </p>
      )}
      {quota.settingsFull && (
        <p className={styles.lead}>
          Your other devices do not learn drafts, read marks and decisions about new chats from this one.
        </p>
      )}
      <p className={styles.lead}>
        Whoever runs this place can give you more room. The rest then follows by itself, within an hour.
      </p>
    </section>
  )
}
