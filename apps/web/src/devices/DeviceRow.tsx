import type { DeviceSummary } from '@entangle/client'
import { Laptop, Pencil, Smartphone } from 'lucide-react'
import { type FormEvent, type KeyboardEvent, useRef, useState } from 'react'
import { useEngine } from '../state/app-context.ts'
import { useTask } from '../state/problem.ts'
import { timeFormat } from '../text/time-format.ts'
import { Button, IconButton } from '../ui/Button.tsx'
import { cx } from '../ui/cx.ts'
import { Field } from '../ui/Field.tsx'
import styles from './DevicesSection.module.css'
import { added, checkDeviceName, lastActive, lastPlace, notUsedSince } from './device-text.ts'

const HELD_IN_HAND = /phone|android|ipad|pixel|galaxy|tablet/i

type Props = {
  readonly device: DeviceSummary
  readonly now: number
  readonly onRenamed: () => Promise<void>
  readonly onLeave: () => void
}

export function DeviceRow({ device, now, onRenamed, onLeave }: Props) {
  const [renaming, setRenaming] = useState(false)
  const pencil = useRef<HTMLButtonElement>(null)
  const place = lastPlace(device)
  const Icon = HELD_IN_HAND.test(device.name) ? Smartphone : Laptop

  const close = () => {
    setRenaming(false)
    // The button is back in the document only after the form has gone.
    requestAnimationFrame(() => pencil.current?.focus())
  }
  if (renaming) {
    return (
      <li className={styles.device}>
        <RenameForm device={device} onRenamed={onRenamed} onClose={close} />
      </li>
    )
  }
  return (
    <li className={styles.device}>
      <span className={styles.icon} aria-hidden="true">
        <Icon size={20} />
      </span>
      <div className={styles.about}>
        <p className={styles.name}>
          <b>{device.name}</b>
          {device.current && <span className={styles.tag}>This device</span>}
          {device.idle && <span className={cx(styles.tag, styles.idle)}>Unused</span>}
        </p>
        <p className={styles.times}>
          <span>{activity(device, now)}</span>
          {place !== null && <span>{place}</span>}
          <span>{added(device.enrolledAt, now, timeFormat)}</span>
        </p>
      </div>
      <div className={styles.actions}>
        <IconButton ref={pencil} label={`Rename ${device.name}`} onClick={() => setRenaming(true)}>
          <Pencil size={18} />
        </IconButton>
        {!device.current && (
          <Button className={styles.leave} onClick={onLeave} aria-label={`Sign out ${device.name}`}>
            Sign out
          </Button>
        )}
      </div>
    </li>
  )
}

function activity({ current, idle, lastSeenAt }: DeviceSummary, now: number): string {
  if (current) return 'Active now'
  return (idle ? notUsedSince : lastActive)(lastSeenAt, now, timeFormat)
}

type RenameProps = Pick<Props, 'device' | 'onRenamed'> & { readonly onClose: () => void }

function RenameForm({ device, onRenamed, onClose }: RenameProps) {
  const engine = useEngine()
  const [name, setName] = useState(device.name)
  const [wrong, setWrong] = useState<string | null>(null)
  const rename = useTask(async (next: string) => {
    await engine.request('renameDevice', { deviceId: device.deviceId, name: next })
    await onRenamed()
  })
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    const next = name.trim()
    const found = checkDeviceName(next)
    setWrong(found)
    if (found !== null) return
    if (next === device.name || (await rename.run(next))) onClose()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || event.nativeEvent.isComposing) return
    event.preventDefault()
    onClose()
  }
  return (
    <form className={styles.rename} onSubmit={submit} onKeyDown={onKeyDown} noValidate>
      <Field
        label="Device name"
        value={name}
        onChange={event => {
          setName(event.target.value)
          setWrong(null)
          rename.clear()
        }}
        onFocus={event => event.target.select()}
        error={wrong ?? rename.problem?.message ?? null}
        hint="Only you see it."
        autoComplete="off"
        maxLength={64}
        autoFocus
      />
      <div className={styles.renameActions}>
        <Button type="submit" look="primary" busy={rename.busy}>
          Save
        </Button>
        <Button onClick={onClose}>Cancel</Button>
      </div>
    </form>
  )
}
