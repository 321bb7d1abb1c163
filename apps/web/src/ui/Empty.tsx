import type { ReactNode } from 'react'
import styles from './Empty.module.css'

/** An empty place: one sentence and one action. */
export function Empty({
  icon,
  children,
  action,
}: {
  readonly icon?: ReactNode
  readonly children: ReactNode
  readonly action?: ReactNode
}) {
  return (
    <div className={styles.empty}>
      {icon && <span className={styles.icon}>{icon}</span>}
      <p className={styles.text}>{children}</p>
      {action}
    </div>
  )
}
