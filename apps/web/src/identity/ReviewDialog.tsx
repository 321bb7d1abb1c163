import type { AccountSummary } from '@entangle/protocol'
import { RotateCcwKey, UserRoundX } from 'lucide-react'
import { useEngine } from '../state/app-context.ts'
import { useTask } from '../state/problem.ts'
import { personName, shortName } from '../text/names.ts'
import { Button } from '../ui/Button.tsx'
import { Dialog, DialogActions } from '../ui/Dialog.tsx'
import { Notice } from '../ui/Notice.tsx'
import { Digits } from './Digits.tsx'
import { PersonLine } from './PersonLine.tsx'
import styles from './SafetyNumber.module.css'
import { useSafetyNumber } from './use-safety-number.ts'

type Props = { readonly person: AccountSummary; readonly onClose: () => void }

/** An identity that changed without the old one vouching for the new: what it may mean, and the way on. */
export function ReviewDialog({ person, onClose }: Props) {
  const engine = useEngine()
  const { number } = useSafetyNumber(person.accountId)
  const accept = useTask(() => engine.request('acceptIdentity', { accountId: person.accountId }))
  const onAccept = async () => {
    if (await accept.run(undefined)) onClose()
  }
  const name = shortName(person)
  return (
    <Dialog title="Changed identity" onClose={onClose}>
      <div className={styles.review}>
        <PersonLine person={person} />
        <p>
          {personName(person)} now has another identity, and the old one does not vouch for it. Two things can
          be behind this:
        </p>
        <ul className={styles.reasons}>
          <li className={styles.likely}>
            <RotateCcwKey size={18} aria-hidden="true" />
            <span>
              {name} lost the password and the recovery phrase and had the account reset. That happens.
            </span>
          </li>
          <li className={styles.alarming}>
            <UserRoundX size={18} aria-hidden="true" />
            <span>Somebody else pretends to be {name}, or wants to read along.</span>
          </li>
        </ul>
        <p className={styles.text}>
          Ask {name} in person or on a call, and compare the new safety number with the one on {name}’s
          screen.
        </p>
        {number !== null && <Digits digits={number.digits} />}
        {accept.problem && (
          <Notice tone="danger" role="alert">
            {accept.problem.message}
          </Notice>
        )}
      </div>
      <DialogActions>
        <Button onClick={onClose}>Not now</Button>
        <Button look="danger" busy={accept.busy} onClick={() => void onAccept()}>
          Accept the new identity
        </Button>
      </DialogActions>
    </Dialog>
  )
}
