import type { ReactNode } from 'react'
import { cx } from './cx.ts'
import styles from './Notice.module.css'

type Props = {
  readonly tone: 'danger' | 'warning' | 'good' | 'neutral'
  readonly icon?: ReactNode
  readonly children: ReactNode
  readonly role?: 'alert' | 'status'
}

/** A sentence or two that must be read here and now. */
export function Notice({ tone, icon, children, role }: Props) {
  return (
    <div className={cx(styles.notice, styles[tone])} role={role}>
      {icon}
      <div className={styles.text}>{children}</div>
    </div>
  )
}
