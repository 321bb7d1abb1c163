import { type FormEvent, useState } from 'react'
import { ratePassword } from '../sign-in/password-strength.ts'
import { StrengthHint } from '../sign-in/StrengthHint.tsx'
import { useAccount, useEngine } from '../state/app-context.ts'
import { useTask } from '../state/problem.ts'
import { Button } from '../ui/Button.tsx'
import { PasswordField } from '../ui/Field.tsx'
import { HiddenUsername } from '../ui/HiddenUsername.tsx'
import { Notice } from '../ui/Notice.tsx'
import styles from './SettingsScreen.module.css'

export function PasswordSection() {
  const engine = useEngine()
  const account = useAccount()
  const [open, setOpen] = useState(false)
  const [saved, setSaved] = useState(false)
  const [current, setCurrent] = useState('')
  const [next, setNext] = useState('')
  const [weak, setWeak] = useState<string | null>(null)
  const change = useTask((input: { current: string; next: string }) =>
    engine.request('changePassword', input),
  )
  const wrong = change.problem?.code === 'AUTH_CREDENTIALS_WRONG'

  const close = () => {
    setOpen(false)
    setCurrent('')
    setNext('')
    setWeak(null)
    change.clear()
  }
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    const rating = ratePassword(next, account.handle)
    const found = rating.level === 'refused' ? rating.advice : null
    setWeak(found)
    if (found !== null || !(await change.run({ current, next }))) return
    close()
    setSaved(true)
  }

  return (
    <section className={styles.section} aria-label="Password">
      <div className={styles.row}>
        <div>
          <h3 className={styles.heading}>Password</h3>
          <p className={styles.lead}>
            It opens your account. Nobody can look it up or reset it; only your recovery phrase helps if you
            forget it.
          </p>
        </div>
        {!open && (
          <Button
            onClick={() => {
              setSaved(false)
              setOpen(true)
            }}
          >
            Change password
          </Button>
        )}
      </div>
      {saved && (
        <Notice tone="good" role="status">
          Your password was changed.
        </Notice>
      )}
      {open && (
        <form className={styles.form} onSubmit={submit} noValidate>
          {change.problem && !wrong && (
            <Notice tone="danger" role="alert">
              {change.problem.message}
            </Notice>
          )}
          <HiddenUsername handle={account.handle} />
          <PasswordField
            label="Present password"
            value={current}
            onChange={event => {
              setCurrent(event.target.value)
              change.clear()
            }}
            error={wrong ? 'This is not your present password. Try again.' : null}
            autoComplete="current-password"
            required
          />
          <PasswordField
            label="New password"
            value={next}
            onChange={event => {
              setNext(event.target.value)
              setWeak(null)
            }}
            error={weak}
            hint={<StrengthHint password={next} handle={account.handle} />}
            autoComplete="new-password"
            required
          />
          <div className={styles.me}>
            <Button type="submit" look="primary" busy={change.busy} disabled={current === '' || next === ''}>
              Save password
            </Button>
            <Button onClick={close}>Cancel</Button>
          </div>
        </form>
      )}
    </section>
  )
}
