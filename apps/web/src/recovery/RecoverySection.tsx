import { CircleCheck } from 'lucide-react'
import { useOpenDialog } from '../app/shell-context.ts'
import section from '../settings/SettingsScreen.module.css'
import { Button } from '../ui/Button.tsx'
import styles from './RecoverySection.module.css'
import { usePhraseSaved } from './use-reminder.ts'

export function RecoverySection() {
  const saved = usePhraseSaved()
  const openDialog = useOpenDialog()
  return (
    <section className={section.section} aria-label="Recovery phrase">
      <div className={section.row}>
        <div>
          <h3 className={section.heading}>Recovery phrase</h3>
          <p className={section.lead}>
            Twelve words that open your account when the password is forgotten and every device is lost.
          </p>
          {saved && (
            <p className={styles.saved}>
              <CircleCheck size={16} aria-hidden="true" />
              You have saved it.
            </p>
          )}
        </div>
        <Button look={saved ? 'quiet' : 'primary'} onClick={() => openDialog('recovery')}>
          {saved ? 'Show recovery phrase' : 'Save recovery phrase'}
        </Button>
      </div>
    </section>
  )
}
