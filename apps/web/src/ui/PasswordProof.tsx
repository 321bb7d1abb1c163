import { type FormEvent, type ReactNode, useRef, useState } from 'react'
import { useAccount } from '../state/app-context.ts'
import { useTask } from '../state/problem.ts'
import { Button } from './Button.tsx'
import { DialogActions } from './Dialog.tsx'
import { PasswordField } from './Field.tsx'
import { HiddenUsername } from './HiddenUsername.tsx'
import { Notice } from './Notice.tsx'
import styles from './PasswordProof.module.css'

type Props = {
  /** What is about to be done, above the password. */
  readonly children: ReactNode
  readonly hint: string
  readonly action: string
  readonly look?: 'primary' | 'danger'
  /** False while something else in the form is missing. */
  readonly ready?: boolean
  readonly onProve: (password: string) => Promise<unknown>
  readonly onDone?: () => void
  readonly onCancel: () => void
}

/** A form in a dialog that does something only the owner of the account may: it asks for the password. */
export function PasswordProof(props: Props) {
  const { children, hint, action, look = 'primary', ready = true, onProve, onDone, onCancel } = props
  const account = useAccount()
  const field = useRef<HTMLInputElement>(null)
  const [password, setPassword] = useState('')
  const proof = useTask(onProve)
  const wrong = proof.problem?.code === 'AUTH_CREDENTIALS_WRONG'
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (ready && password !== '' && (await proof.run(password))) onDone?.()
    else field.current?.focus()
  }
  return (
    <form onSubmit={submit} className={styles.form} noValidate>
      {children}
      {proof.problem && !wrong && (
        <Notice tone="danger" role="alert">
          {proof.problem.message}
        </Notice>
      )}
      <HiddenUsername handle={account.handle} />
      <PasswordField
        ref={field}
        label="Password"
        value={password}
        onChange={event => {
          setPassword(event.target.value)
          proof.clear()
        }}
        error={wrong ? 'This password is wrong. Try again.' : null}
        hint={hint}
        autoComplete="current-password"
        autoFocus
        required
      />
      <DialogActions>
        <Button onClick={onCancel}>Cancel</Button>
        <Button type="submit" look={look} disabled={!ready || password === ''} busy={proof.busy}>
          {action}
        </Button>
      </DialogActions>
    </form>
  )
}
