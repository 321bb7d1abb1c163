import type { AccountSummary } from '@entangle/protocol'
import { personName } from '../text/names.ts'
import { Avatar } from '../ui/Avatar.tsx'
import styles from './SafetyNumber.module.css'

export function PersonLine({ person }: { readonly person: AccountSummary }) {
  return (
    <div className={styles.person}>
      <Avatar account={person} />
      <span>
        <b>{personName(person)}</b>
        <span>@{person.handle}</span>
      </span>
    </div>
  )
}
