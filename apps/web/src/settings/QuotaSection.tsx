import { Archive } from 'lucide-react'
import { useApp } from '../state/app-context.ts'
import { Notice } from '../ui/Notice.tsx'
import { quotaTitle } from './quota-text.ts'
import styles from './SettingsScreen.module.css'

/** Only there while the server has no room: what still works, what does not, and who can help. */
export function QuotaSection() {
  const { historyFull, settingsFull } = useApp(state => state.quota)
  if (!historyFull && !settingsFull) return null
  return (
    <section className={styles.section} aria-label="Room on the server">
      <Notice tone="warning" icon={<Archive size={18} aria-hidden="true" />}>
        <b>{quotaTitle({ historyFull, settingsFull })}</b>{' '}
        {historyFull &&
          'Messages still come and go, and stay on this device; a new device will not find the latest ones. '}
        {settingsFull &&
          'Drafts, read marks and settings of new chats stay on this device; your other devices do not learn them. '}
        Nothing is lost. Whoever runs this place can give you more room, and the rest follows by itself.
      </Notice>
    </section>
  )
}
