import { type FormEvent, useState } from 'react'
import { useEngine } from '../state/app-context.ts'
import { useTask } from '../state/problem.ts'
import { Button } from '../ui/Button.tsx'
import { Field, PasswordField } from '../ui/Field.tsx'
import { Notice } from '../ui/Notice.tsx'
import { checkDisplayName, checkHandle, fieldOfProblem } from './field-checks.ts'
import styles from './forms.module.css'
import { ratePassword } from './password-strength.ts'
import { StrengthHint } from './StrengthHint.tsx'

type Errors = { handle?: string | null; displayName?: string | null; password?: string | null }

export function SignUpForm() {
  const engine = useEngine()
  const [handle, setHandle] = useState('')
  const [displayName, setDisplayName] = useState('')
  const [password, setPassword] = useState('')
  const [errors, setErrors] = useState<Errors>({})
  const signUp = useTask((input: { handle: string; displayName: string; password: string }) =>
    engine.request('signUp', input),
  )
  const strength = ratePassword(password, handle)
  const failedField = signUp.problem === null ? null : fieldOfProblem(signUp.problem.code)

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = event.currentTarget
    const found: Errors = {
      handle: checkHandle(handle),
      displayName: checkDisplayName(displayName),
      password: strength.level === 'refused' ? strength.advice : null,
    }
    setErrors(found)
    const wrong = (['handle', 'displayName', 'password'] as const).find(name => found[name])
    if (wrong !== undefined) return focusField(form, wrong)
    const done = await signUp.run({ handle, displayName: displayName.trim(), password })
    if (!done) focusField(form, 'handle')
  }

  const errorOf = (name: keyof Errors) =>
    errors[name] ?? (failedField === name ? (signUp.problem?.message ?? null) : null)
  const edit = (name: keyof Errors, set: (value: string) => void) => (value: string) => {
    set(value)
    if (errors[name]) setErrors({ ...errors, [name]: null })
    if (failedField === name) signUp.clear()
  }
  const editHandle = edit('handle', value => setHandle(value.toLowerCase().replace(/^@|\s/g, '')))
  const editDisplayName = edit('displayName', setDisplayName)
  const editPassword = edit('password', setPassword)

  return (
    <form className={styles.form} onSubmit={submit} noValidate>
      <div className={styles.head}>
        <h1 className={styles.title}>Create your account</h1>
        <p className={styles.lead}>Pick a name and a password, and you can write.</p>
      </div>
      {signUp.problem && failedField === null && (
        <Notice tone="danger" role="alert">
          {signUp.problem.message}
        </Notice>
      )}
      <Field
        label="Name"
        name="handle"
        prefix="@"
        value={handle}
        onChange={event => editHandle(event.target.value)}
        error={errorOf('handle')}
        hint="People find you by it: letters, digits, dots."
        autoComplete="username"
        autoCapitalize="none"
        autoCorrect="off"
        spellCheck={false}
        maxLength={32}
        autoFocus
        required
      />
      <Field
        label="Display name"
        name="displayName"
        value={displayName}
        onChange={event => editDisplayName(event.target.value)}
        error={errorOf('displayName')}
        placeholder="What people see"
        autoComplete="name"
        maxLength={64}
        required
      />
      <PasswordField
        label="Password"
        name="password"
        value={password}
        onChange={event => editPassword(event.target.value)}
        error={errorOf('password')}
        hint={<StrengthHint password={password} handle={handle} />}
        autoComplete="new-password"
        required
      />
      <Button type="submit" look="primary" wide busy={signUp.busy}>
        Create account
      </Button>
    </form>
  )
}

export function focusField(form: HTMLFormElement, name: string): void {
  const field = form.elements.namedItem(name)
  if (field instanceof HTMLElement) field.focus()
}
