import type { AccountSummary } from '@entangle/protocol'
import { type FormEvent, useState } from 'react'
import { useEngine } from '../state/app-context.ts'
import { useTask } from '../state/problem.ts'
import { Avatar } from '../ui/Avatar.tsx'
import { Button } from '../ui/Button.tsx'
import { PasswordField } from '../ui/Field.tsx'
import { HiddenUsername } from '../ui/HiddenUsername.tsx'
import { Notice } from '../ui/Notice.tsx'
import { fieldOfProblem } from './field-checks.ts'
import styles from './forms.module.css'
import { focusField } from './SignUpForm.tsx'

/** The account whose data was kept on this device: only its password is asked. */
export function WelcomeBack({ account }: { readonly account: AccountSummary }) {
  const engine = useEngine()
  const [password, setPassword] = useState('')
  const [missing, setMissing] = useState(false)
  const signIn = useTask((input: { handle: string; password: string }) => engine.request('signIn', input))
  const beside = signIn.problem !== null && fieldOfProblem(signIn.problem.code) === 'password'

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = event.currentTarget
    setMissing(password === '')
    if (password === '') return focusField(form, 'password')
    if (!(await signIn.run({ handle: account.handle, password }))) focusField(form, 'password')
  }

  return (
    <form className={styles.form} onSubmit={submit} noValidate>
      <div className={styles.person}>
        <Avatar account={account} />
        <div className={styles.head}>
          <h1 className={styles.title}>Welcome back, {account.displayName}</h1>
          <p className={styles.lead}>@{account.handle}</p>
        </div>
      </div>
      {signIn.problem && !beside && (
        <Notice tone="danger" role="alert">
          {signIn.problem.message}
        </Notice>
      )}
      <HiddenUsername handle={account.handle} />
      <PasswordField
        label="Password"
        name="password"
        value={password}
        onChange={event => {
          setPassword(event.target.value)
          setMissing(false)
          if (beside) signIn.clear()
        }}
        error={missing ? 'Enter your password.' : beside ? 'This password is wrong. Try again.' : null}
        autoComplete="current-password"
        autoFocus
        required
      />
      <Button type="submit" look="primary" wide busy={signIn.busy}>
        Sign in
      </Button>
    </form>
  )
}
