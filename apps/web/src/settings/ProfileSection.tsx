import { type FormEvent, useState } from 'react'
import { checkDisplayName } from '../sign-in/field-checks.ts'
import { useAccount, useEngine } from '../state/app-context.ts'
import { useTask } from '../state/problem.ts'
import { Avatar } from '../ui/Avatar.tsx'
import { Button } from '../ui/Button.tsx'
import { Field } from '../ui/Field.tsx'
import styles from './SettingsScreen.module.css'

export function ProfileSection() {
  const engine = useEngine()
  const account = useAccount()
  const [name, setName] = useState(account.displayName)
  const [wrong, setWrong] = useState<string | null>(null)
  const [saved, setSaved] = useState(false)
  const save = useTask((displayName: string) => engine.request('updateProfile', { displayName }))

  const submit = async (event: FormEvent) => {
    event.preventDefault()
    const found = checkDisplayName(name)
    setWrong(found)
    if (found === null && (await save.run(name.trim()))) setSaved(true)
  }

  return (
    <section className={styles.section} aria-label="Profile">
      <div className={styles.me}>
        <Avatar account={account} />
        <div>
          <h3 className={styles.heading}>{account.displayName}</h3>
          <p className={styles.sub}>@{account.handle}</p>
        </div>
      </div>
      <form className={styles.form} onSubmit={submit} noValidate>
        <Field
          label="Display name"
          value={name}
          onChange={event => {
            setName(event.target.value)
            setWrong(null)
            setSaved(false)
            save.clear()
          }}
          error={wrong ?? save.problem?.message ?? null}
          hint={saved ? <span role="status">Saved.</span> : 'The people you write with see this name.'}
          autoComplete="name"
          maxLength={64}
        />
        <Button type="submit" look="primary" busy={save.busy} disabled={name.trim() === account.displayName}>
          Save name
        </Button>
      </form>
    </section>
  )
}
