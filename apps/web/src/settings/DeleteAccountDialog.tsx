import { type FormEvent, useState } from 'react'
import { useAccount, useEngine } from '../state/app-context.ts'
import { useTask } from '../state/problem.ts'
import { Button } from '../ui/Button.tsx'
import { Dialog, DialogActions } from '../ui/Dialog.tsx'
import { PasswordField } from '../ui/Field.tsx'
import { HiddenUsername } from '../ui/HiddenUsername.tsx'
import { Notice } from '../ui/Notice.tsx'
import styles from './dialogs.module.css'

export function DeleteAccountDialog({ onClose }: { readonly onClose: () => void }) {
  const engine = useEngine()
  const account = useAccount()
  const [password, setPassword] = useState('')
  const [sure, setSure] = useState(false)
  const remove = useTask(() => engine.request('deleteAccount', { password }))
  const wrong = remove.problem?.code === 'AUTH_CREDENTIALS_WRONG'
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (sure && password !== '') void remove.run(undefined)
  }
  return (
    <Dialog title="Delete account" onClose={onClose}>
      <form onSubmit={submit} className={styles.form} noValidate>
        <p className={styles.text}>
          <b>@{account.handle}</b> and everything of it on this device will be deleted. The people you wrote
          with keep what you sent them and see that the account is gone. This cannot be undone.
        </p>
        {remove.problem && !wrong && (
          <Notice tone="danger" role="alert">
            {remove.problem.message}
          </Notice>
        )}
        <HiddenUsername handle={account.handle} />
        <PasswordField
          label="Password"
          value={password}
          onChange={event => {
            setPassword(event.target.value)
            remove.clear()
          }}
          error={wrong ? 'This password is wrong. Try again.' : null}
          autoComplete="current-password"
          required
        />
        <label className={styles.check}>
          <input type="checkbox" checked={sure} onChange={event => setSure(event.target.checked)} />
          <span>Delete my account for good</span>
        </label>
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="danger" disabled={!sure || password === ''} busy={remove.busy}>
            Delete account
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}
