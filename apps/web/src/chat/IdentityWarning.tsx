import type { ChatSummary } from '@entangle/client'
import type { AccountSummary } from '@entangle/protocol'
import { ShieldAlert } from 'lucide-react'
import { personName } from '../text/names.ts'
import { Notice } from '../ui/Notice.tsx'
import styles from './IdentityWarning.module.css'

type Props = {
  readonly chat: ChatSummary
  /** Null where it is not known whose identity it is. */
  readonly person: AccountSummary | null
  readonly onReview: (person: AccountSummary) => void
}

export function IdentityWarning({ chat, person, onReview }: Props) {
  const name = person === null ? 'a member' : personName(person)
  return (
    <div className={styles.place}>
      <Notice tone="danger" icon={<ShieldAlert size={18} aria-hidden="true" />} role="alert">
        <b>The identity of {name} is not the one you knew.</b> Nothing is sent{' '}
        {chat.kind === 'group' ? 'in this group ' : ''}until you have looked at it.{' '}
        {person !== null && (
          <button type="button" className={styles.link} onClick={() => onReview(person)}>
            Review
          </button>
        )}
      </Notice>
    </div>
  )
}
