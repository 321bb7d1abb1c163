import type { DeviceSummary } from '@entangle/client'
import { type FormEvent, useRef, useState } from 'react'
import styles from '../settings/dialogs.module.css'
import { useAccount, useEngine } from '../state/app-context.ts'
import { useTask } from '../state/problem.ts'
import { Button } from '../ui/Button.tsx'
import { Dialog, DialogActions } from '../ui/Dialog.tsx'
import { PasswordField } from '../ui/Field.tsx'
import { HiddenUsername } from '../ui/HiddenUsername.tsx'
import { Notice } from '../ui/Notice.tsx'

type Props = {
  readonly device: DeviceSummary
  readonly onClose: () => void
  readonly onRemoved: () => void
}

export function RemoveDeviceDialog({ device, onClose, onRemoved }: Props) {
  const engine = useEngine()
  const account = useAccount()
  const field = useRef<HTMLInputElement>(null)
  const [password, setPassword] = useState('')
  const remove = useTask(() => engine.request('removeDevice', { deviceId: device.deviceId, password }))
  const wrong = remove.problem?.code === 'AUTH_CREDENTIALS_WRONG'
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (password === '') field.current?.focus()
    else if (await remove.run(undefined)) onRemoved()
    else field.current?.focus()
  }
  return (
    <Dialog title={`Sign out ${device.name}`} onClose={onClose} initialFocus={field}>
      <form onSubmit={submit} className={styles.form} noValidate>
        <p className={styles.text}>
          <b>{device.name}</b> is signed out at once and gets nothing new. What it already holds stays on it.
        </p>
        {remove.problem && !wrong && (
          <Notice tone="danger" role="alert">
            {remove.problem.message}
          </Notice>
        )}
        <HiddenUsername handle={account.handle} />
        <PasswordField
          ref={field}
          label="Password"
          value={password}
          onChange={event => {
            setPassword(event.target.value)
            remove.clear()
          }}
          error={wrong ? 'This password is wrong. Try again.' : null}
          hint="Asked so that nobody who finds this screen open can do it."
          autoComplete="current-password"
          required
        />
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="danger" disabled={password === ''} busy={remove.busy}>
            Sign out this device
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}
