import { ShieldCheck } from 'lucide-react'
import { Button } from '../ui/Button.tsx'
import { DialogActions } from '../ui/Dialog.tsx'
import styles from './recovery.module.css'

export function DoneStep({ onClose }: { readonly onClose: () => void }) {
  return (
    <div className={styles.step}>
      <div className={styles.done} role="status">
        <span className={styles.seal} aria-hidden="true">
          <ShieldCheck size={30} strokeWidth={1.75} />
        </span>
        <p className={styles.doneTitle}>Your recovery phrase is saved.</p>
        <p className={styles.text}>
          If you ever need it, choose “Forgot your password?” where you sign in. You can look at it again in
          the settings.
        </p>
      </div>
      <DialogActions>
        <Button look="primary" autoFocus onClick={onClose}>
          Done
        </Button>
      </DialogActions>
    </div>
  )
}
