import { type FormEvent, useRef, useState } from 'react'
import { useAccount, useEngine } from '../state/app-context.ts'
import { useTask } from '../state/problem.ts'
import { Button } from '../ui/Button.tsx'
import { DialogActions } from '../ui/Dialog.tsx'
import { PasswordField } from '../ui/Field.tsx'
import { HiddenUsername } from '../ui/HiddenUsername.tsx'
import { Notice } from '../ui/Notice.tsx'
import styles from './recovery.module.css'

type Props = {
  readonly onRead: (words: readonly string[]) => void
  readonly onCancel: () => void
}

export function PasswordStep({ onRead, onCancel }: Props) {
  const engine = useEngine()
  const account = useAccount()
  const field = useRef<HTMLInputElement>(null)
  const [password, setPassword] = useState('')
  const read = useTask(async () => onRead((await engine.request('readRecoveryPhrase', { password })).words))
  const wrong = read.problem?.code === 'AUTH_CREDENTIALS_WRONG'
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (password === '' || !(await read.run(undefined))) field.current?.focus()
  }
  return (
    <form onSubmit={submit} className={styles.step} noValidate>
      <p className={styles.text}>
        Twelve words open your account when the password is forgotten and every device is lost. Keep them
        somewhere safe that is not this device: on paper, or in a password manager.
      </p>
      {read.problem && !wrong && (
        <Notice tone="danger" role="alert">
          {read.problem.message}
        </Notice>
      )}
      <HiddenUsername handle={account.handle} />
      <PasswordField
        ref={field}
        label="Password"
        value={password}
        onChange={event => {
          setPassword(event.target.value)
          read.clear()
        }}
        error={wrong ? 'This password is wrong. Try again.' : null}
        hint="To be sure that it is you."
        autoComplete="current-password"
        autoFocus
        required
      />
      <DialogActions>
        <Button onClick={onCancel}>Cancel</Button>
        <Button type="submit" look="primary" disabled={password === ''} busy={read.busy}>
          Show the words
        </Button>
      </DialogActions>
    </form>
  )
}
