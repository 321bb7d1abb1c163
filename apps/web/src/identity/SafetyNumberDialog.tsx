import type { AccountSummary } from '@entangle/protocol'
import { Dialog } from '../ui/Dialog.tsx'
import { PersonLine } from './PersonLine.tsx'
import styles from './SafetyNumber.module.css'
import { SafetyNumber } from './SafetyNumber.tsx'

type Props = { readonly person: AccountSummary; readonly onClose: () => void }

export function SafetyNumberDialog({ person, onClose }: Props) {
  return (
    <Dialog title="Safety number" onClose={onClose}>
      <div className={styles.review}>
        <PersonLine person={person} />
        <SafetyNumber person={person} />
      </div>
    </Dialog>
  )
}
