import { lazy, Suspense, useState } from 'react'
import { Button } from '../ui/Button.tsx'
import styles from './SettingsScreen.module.css'

const SignOutDialog = lazy(async () => ({ default: (await import('./SignOutDialog.tsx')).SignOutDialog }))
const DeleteAccountDialog = lazy(async () => ({
  default: (await import('./DeleteAccountDialog.tsx')).DeleteAccountDialog,
}))

export function AccountSection() {
  const [dialog, setDialog] = useState<'sign-out' | 'delete' | null>(null)
  const close = () => setDialog(null)
  return (
    <section className={styles.section} aria-label="Account">
      <div className={styles.row}>
        <div>
          <h3 className={styles.heading}>Sign out</h3>
          <p className={styles.lead}>You choose whether your messages stay on this device.</p>
        </div>
        <Button onClick={() => setDialog('sign-out')}>Sign out</Button>
      </div>
      <div className={styles.row}>
        <div>
          <h3 className={styles.heading}>Delete account</h3>
          <p className={styles.lead}>For good: your name, and your messages on this device.</p>
        </div>
        <Button look="danger" onClick={() => setDialog('delete')}>
          Delete account
        </Button>
      </div>
      <Suspense fallback={null}>
        {dialog === 'sign-out' && <SignOutDialog onClose={close} />}
        {dialog === 'delete' && <DeleteAccountDialog onClose={close} />}
      </Suspense>
    </section>
  )
}
