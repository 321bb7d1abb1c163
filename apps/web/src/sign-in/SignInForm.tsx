import { type FormEvent, useState } from 'react'
import { useEngine } from '../state/app-context.ts'
import { useTask } from '../state/problem.ts'
import { Button } from '../ui/Button.tsx'
import { Field, PasswordField } from '../ui/Field.tsx'
import { Notice } from '../ui/Notice.tsx'
import { checkHandle, fieldOfProblem } from './field-checks.ts'
import styles from './forms.module.css'
import { focusField } from './SignUpForm.tsx'

export function SignInForm() {
  const engine = useEngine()
  const [handle, setHandle] = useState('')
  const [password, setPassword] = useState('')
  const [handleError, setHandleError] = useState<string | null>(null)
  const [passwordError, setPasswordError] = useState<string | null>(null)
  const signIn = useTask((input: { handle: string; password: string }) => engine.request('signIn', input))
  const beside = signIn.problem === null ? null : fieldOfProblem(signIn.problem.code)

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = event.currentTarget
    const wrongHandle = checkHandle(handle) === null ? null : 'Enter your name as you chose it.'
    const wrongPassword = password === '' ? 'Enter your password.' : null
    setHandleError(wrongHandle)
    setPasswordError(wrongPassword)
    if (wrongHandle !== null) return focusField(form, 'handle')
    if (wrongPassword !== null) return focusField(form, 'password')
    if (!(await signIn.run({ handle, password }))) focusField(form, 'password')
  }

  return (
    <form className={styles.form} onSubmit={submit} noValidate>
      <div className={styles.head}>
        <h1 className={styles.title}>Sign in</h1>
        <p className={styles.lead}>Good to see you again.</p>
      </div>
      {signIn.problem && beside === null && (
        <Notice tone="danger" role="alert">
          {signIn.problem.message}
        </Notice>
      )}
      <Field
        label="Name"
        name="handle"
        prefix="@"
        value={handle}
        onChange={event => {
          setHandle(event.target.value.toLowerCase().replace(/^@|\s/g, ''))
          setHandleError(null)
        }}
        error={handleError ?? (beside === 'handle' ? signIn.problem?.message : null)}
        autoComplete="username"
        autoCapitalize="none"
        autoCorrect="off"
        spellCheck={false}
        maxLength={32}
        autoFocus
        required
      />
      <PasswordField
        label="Password"
        name="password"
        value={password}
        onChange={event => {
          setPassword(event.target.value)
          setPasswordError(null)
          if (beside === 'password') signIn.clear()
        }}
        error={passwordError ?? (beside === 'password' ? signIn.problem?.message : null)}
        autoComplete="current-password"
        required
      />
      <Button type="submit" look="primary" wide busy={signIn.busy}>
        Sign in
      </Button>
    </form>
  )
}
