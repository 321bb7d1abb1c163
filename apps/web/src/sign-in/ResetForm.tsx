import { type FormEvent, useState } from 'react'
import { useEngine } from '../state/app-context.ts'
import { useTask } from '../state/problem.ts'
import { Button } from '../ui/Button.tsx'
import { Field, PasswordField } from '../ui/Field.tsx'
import { Notice } from '../ui/Notice.tsx'
import { checkHandle } from './field-checks.ts'
import styles from './forms.module.css'
import { ratePassword } from './password-strength.ts'
import { focusField } from './SignUpForm.tsx'
import { StrengthHint } from './StrengthHint.tsx'

type Errors = { handle?: string | null; code?: string | null; password?: string | null }

const FIELDS = ['handle', 'code', 'password'] as const

/** The last way back: the same name with a new identity, allowed by whoever runs the server. */
export function ResetForm({ knownHandle }: { readonly knownHandle: string }) {
  const engine = useEngine()
  const [handle, setHandle] = useState(knownHandle)
  const [code, setCode] = useState('')
  const [password, setPassword] = useState('')
  const [sure, setSure] = useState(false)
  const [errors, setErrors] = useState<Errors>({})
  const reset = useTask((input: { handle: string; code: string; newPassword: string }) =>
    engine.request('resetAccount', input),
  )
  const strength = ratePassword(password, handle)

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = event.currentTarget
    const found: Errors = {
      handle: checkHandle(handle) === null ? null : 'Enter your name as you chose it.',
      code: code.trim() === '' ? 'Enter the code that you were given.' : null,
      password: strength.level === 'refused' ? strength.advice : null,
    }
    setErrors(found)
    const wrong = FIELDS.find(name => found[name])
    if (wrong !== undefined) return focusField(form, wrong)
    if (!(await reset.run({ handle, code: code.trim(), newPassword: password }))) focusField(form, 'code')
  }
  const edited = (name: keyof Errors) => {
    if (errors[name]) setErrors({ ...errors, [name]: null })
    reset.clear()
  }

  return (
    <form className={styles.form} onSubmit={submit} noValidate>
      <div className={styles.head}>
        <h1 className={styles.title}>Start your account anew</h1>
        <p className={styles.lead}>With a reset code from the person who runs this server.</p>
      </div>
      <Notice tone="warning">
        <b>You keep your name, and nothing else comes back.</b>
        <ul className={styles.points}>
          <li>Earlier messages stay locked for good: nobody has their key.</li>
          <li>You are back in chats and groups only as the others accept your new identity.</li>
          <li>Your other devices are signed out.</li>
          <li>Everybody you write with is warned.</li>
        </ul>
      </Notice>
      {reset.problem && (
        <Notice tone="danger" role="alert">
          {reset.problem.message}
        </Notice>
      )}
      <Field
        label="Name"
        name="handle"
        prefix="@"
        value={handle}
        onChange={event => {
          setHandle(event.target.value.toLowerCase().replace(/^@|\s/g, ''))
          edited('handle')
        }}
        error={errors.handle}
        autoComplete="username"
        autoCapitalize="none"
        autoCorrect="off"
        spellCheck={false}
        maxLength={32}
        autoFocus={knownHandle === ''}
        required
      />
      <Field
        label="Reset code"
        name="code"
        value={code}
        onChange={event => {
          setCode(event.target.value)
          edited('code')
        }}
        error={errors.code}
        autoComplete="one-time-code"
        autoCapitalize="none"
        autoCorrect="off"
        spellCheck={false}
        translate="no"
        autoFocus={knownHandle !== ''}
        required
      />
      <PasswordField
        label="New password"
        name="password"
        value={password}
        onChange={event => {
          setPassword(event.target.value)
          edited('password')
        }}
        error={errors.password}
        hint={<StrengthHint password={password} handle={handle} />}
        autoComplete="new-password"
        required
      />
      <label className={styles.check}>
        <input type="checkbox" checked={sure} onChange={event => setSure(event.target.checked)} />
        <span>I know that my earlier messages are lost</span>
      </label>
      <Button type="submit" look="primary" wide disabled={!sure} busy={reset.busy}>
        Start anew
      </Button>
    </form>
  )
}
