import type { AccountSummary } from '@entangle/protocol'
import { RotateCcwKey, UserRoundX } from 'lucide-react'
import { useState } from 'react'
import { useEngine } from '../state/app-context.ts'
import { useTask } from '../state/problem.ts'
import { personName, shortName } from '../text/names.ts'
import { Button } from '../ui/Button.tsx'
import { Dialog, DialogActions } from '../ui/Dialog.tsx'
import { Notice } from '../ui/Notice.tsx'
import { PersonLine } from './PersonLine.tsx'
import styles from './SafetyNumber.module.css'
import { SafetyNumber } from './SafetyNumber.tsx'

type Props = { readonly person: AccountSummary; readonly onClose: () => void }

/** An identity that is not the one that was known or compared: what it may mean, and the way on. */
export function ReviewDialog({ person, onClose }: Props) {
  const engine = useEngine()
  const [accepted, setAccepted] = useState(false)
  const accept = useTask(async () => {
    await engine.request('acceptIdentity', { accountId: person.accountId })
    setAccepted(true)
  })
  const name = shortName(person)
  if (accepted) return <Accepted person={person} onClose={onClose} />
  return (
    <Dialog title="Changed identity" onClose={onClose}>
      <div className={styles.review}>
        <PersonLine person={person} />
        <p>
          {personName(person)} now has another identity than the one you knew. Two things can be behind this:
        </p>
        <ul className={styles.reasons}>
          <li className={styles.likely}>
            <RotateCcwKey size={18} aria-hidden="true" />
            <span>
              {name} lost a device and gave the account a new key, or had to have it reset. That happens.
            </span>
          </li>
          <li className={styles.alarming}>
            <UserRoundX size={18} aria-hidden="true" />
            <span>Somebody else pretends to be {name}, or wants to read along.</span>
          </li>
        </ul>
        <p>
          <b className={styles.advice}>Ask {name} in person or on a call</b>, not in this chat. Once you have
          accepted, you see the new safety number and can compare it.
        </p>
        {accept.problem && (
          <Notice tone="danger" role="alert">
            {accept.problem.message}
          </Notice>
        )}
      </div>
      <DialogActions>
        <Button onClick={onClose}>Not now</Button>
        <Button look="danger" busy={accept.busy} onClick={() => void accept.run(undefined)}>
          Accept the new identity
        </Button>
      </DialogActions>
    </Dialog>
  )
}

function Accepted({ person, onClose }: Props) {
  return (
    <Dialog title="Changed identity" onClose={onClose}>
      <div className={styles.review}>
        <PersonLine person={person} />
        <Notice tone="good" role="status">
          The new identity is accepted, and what you write is sent again. This is the new safety number.
        </Notice>
        <SafetyNumber person={person} />
      </div>
      <DialogActions>
        <Button look="primary" onClick={onClose} autoFocus>
          Done
        </Button>
      </DialogActions>
    </Dialog>
  )
}
