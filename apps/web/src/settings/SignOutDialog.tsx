import { type FormEvent, useState } from 'react'
import { useEngine } from '../state/app-context.ts'
import { useTask } from '../state/problem.ts'
import { Button } from '../ui/Button.tsx'
import { Dialog, DialogActions } from '../ui/Dialog.tsx'
import { Notice } from '../ui/Notice.tsx'
import styles from './dialogs.module.css'

export function SignOutDialog({ onClose }: { readonly onClose: () => void }) {
  const engine = useEngine()
  const [erase, setErase] = useState(false)
  const signOut = useTask(() => engine.request('signOut', { erase }))
  const submit = (event: FormEvent) => {
    event.preventDefault()
    void signOut.run(undefined)
  }
  return (
    <Dialog title="Sign out" onClose={onClose}>
      <form onSubmit={submit} className={styles.form}>
        <fieldset className={styles.options} aria-label="Data on this device">
          <label className={styles.option}>
            <input type="radio" name="erase" checked={!erase} onChange={() => setErase(false)} />
            <span>
              <b>Keep my data on this device</b>
              <span>Messages stay here, locked. Your password opens them again.</span>
            </span>
          </label>
          <label className={styles.option}>
            <input type="radio" name="erase" checked={erase} onChange={() => setErase(true)} />
            <span>
              <b>Erase my data from this device</b>
              <span>
                Messages are removed from here, and what was not yet sent is lost. Signing in again brings
                your chats back. Choose this on a device that is not yours.
              </span>
            </span>
          </label>
        </fieldset>
        {signOut.problem && (
          <Notice tone="danger" role="alert">
            {signOut.problem.message}
          </Notice>
        )}
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look={erase ? 'danger' : 'primary'} busy={signOut.busy}>
            {erase ? 'Erase and sign out' : 'Keep and sign out'}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}
