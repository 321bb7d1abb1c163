import { KeyRound } from 'lucide-react'
import { useId } from 'react'
import { useOpenDialog } from '../app/shell-context.ts'
import { Button } from '../ui/Button.tsx'
import styles from './ReminderCard.module.css'
import { useReminder } from './use-reminder.ts'

/** Reminds and never blocks: it stands below the chats, where nothing moves when it comes or goes. */
export function ReminderCard() {
  const { due, later } = useReminder()
  const openDialog = useOpenDialog()
  const id = useId()
  if (!due) return null
  return (
    <section className={styles.card} aria-labelledby={id}>
      <span className={styles.icon} aria-hidden="true">
        <KeyRound size={18} />
      </span>
      <div className={styles.text}>
        <h3 id={id} className={styles.title}>
          Save your recovery phrase
        </h3>
        <p>Twelve words that bring everything back if you forget your password or lose your devices.</p>
      </div>
      <div className={styles.actions}>
        <Button look="primary" onClick={() => openDialog('recovery')}>
          Save it now
        </Button>
        <Button look="plain" onClick={later}>
          Later
        </Button>
      </div>
    </section>
  )
}
