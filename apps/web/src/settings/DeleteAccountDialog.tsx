import { useState } from 'react'
import { useAccount, useEngine } from '../state/app-context.ts'
import { Dialog } from '../ui/Dialog.tsx'
import { PasswordProof } from '../ui/PasswordProof.tsx'
import styles from './dialogs.module.css'

export function DeleteAccountDialog({ onClose }: { readonly onClose: () => void }) {
  const engine = useEngine()
  const account = useAccount()
  const [sure, setSure] = useState(false)
  return (
    <Dialog title="Delete account" onClose={onClose}>
      <PasswordProof
        hint="Asked so that nobody who finds this screen open can do it."
        action="Delete account"
        look="danger"
        ready={sure}
        onProve={password => engine.request('deleteAccount', { password })}
        onCancel={onClose}
      >
        <p className={styles.text}>
          <b>@{account.handle}</b> and everything of it on this device will be deleted. The people you wrote
          with keep what you sent them and see that the account is gone. This cannot be undone.
        </p>
        <label className={styles.check}>
          <input type="checkbox" checked={sure} onChange={event => setSure(event.target.checked)} />
          <span>Delete my account for good</span>
        </label>
      </PasswordProof>
    </Dialog>
  )
}
