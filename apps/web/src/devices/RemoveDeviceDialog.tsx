import type { DeviceSummary } from '@entangle/client'
import { useState } from 'react'
import styles from '../settings/dialogs.module.css'
import { useEngine } from '../state/app-context.ts'
import { joinNames } from '../text/names.ts'
import { Dialog } from '../ui/Dialog.tsx'
import { PasswordProof } from '../ui/PasswordProof.tsx'

type Props = {
  readonly device: DeviceSummary
  /** Others that were not used for long and go with it. */
  readonly along: readonly DeviceSummary[]
  readonly onClose: () => void
  readonly onRemoved: () => void
}

export function RemoveDeviceDialog({ device, along, onClose, onRemoved }: Props) {
  const engine = useEngine()
  const [stolen, setStolen] = useState(false)
  return (
    <Dialog title={`Sign out ${device.name}`} onClose={onClose}>
      <PasswordProof
        hint="Asked so that nobody who finds this screen open can do it."
        action="Sign out this device"
        look="danger"
        onProve={password => engine.request('removeDevice', { deviceId: device.deviceId, password, stolen })}
        onDone={onRemoved}
        onCancel={onClose}
      >
        <p className={styles.text}>
          <b>{device.name}</b> is signed out at once and gets nothing new. What it already holds stays on it.
        </p>
        {along.length > 0 && (
          <p className={styles.text}>
            {joinNames(along.map(({ name }) => name))} {along.length === 1 ? 'is' : 'are'} signed out too: not
            used for 90 days.
          </p>
        )}
        <fieldset className={styles.options} aria-label="Why">
          <label className={styles.option}>
            <input type="radio" name="stolen" checked={!stolen} onChange={() => setStolen(false)} />
            <span>
              <b>I do not use it any more</b>
              <span>Signing it out is enough.</span>
            </span>
          </label>
          <label className={styles.option}>
            <input type="radio" name="stolen" checked={stolen} onChange={() => setStolen(true)} />
            <span>
              <b>It was lost or stolen</b>
              <span>
                Your account also gets a new key, in case somebody got at the old one there. The people you
                write with are told that your safety number has changed, and invite links of your groups end:
                make new ones.
              </span>
            </span>
          </label>
        </fieldset>
      </PasswordProof>
    </Dialog>
  )
}
