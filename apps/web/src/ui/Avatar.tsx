import type { AccountSummary } from '@entangle/protocol'
import { initialsOf, nameColourOf } from '../text/initials.ts'
import styles from './Avatar.module.css'
import { cx } from './cx.ts'

type Props = { readonly account: AccountSummary; readonly size?: 'small' | 'medium' | 'large' }

/** Decorative: the name stands beside it wherever it is used. */
export function Avatar({ account, size = 'medium' }: Props) {
  return (
    <span
      className={cx(styles.avatar, styles[size], styles[`colour${nameColourOf(account.accountId)}`])}
      aria-hidden="true"
    >
      {initialsOf(account.displayName || account.handle)}
    </span>
  )
}
