import type { DeliveryState } from '@entangle/client'
import { cx } from '../ui/cx.ts'
import styles from './DeliveryIcon.module.css'

const CIRCLE = <circle key="circle" cx="12" cy="12" r="10" />
const TWO_TICKS = <path d="M18 6 7 17 2 12M22 10 14.5 17.5 13 16" />

/** Drawn in a square of 24. One stands in each own message, so it is as plain as can be. */
const SIGNS = {
  queued: [CIRCLE, <path key="hands" d="M12 6v6l4 2" />],
  sent: <path d="M20 6 9 17 4 12" />,
  delivered: TWO_TICKS,
  read: TWO_TICKS,
  failed: [CIRCLE, <path key="mark" d="M12 8v4M12 16h.01" />],
}

export const DELIVERY_WORDS: Readonly<Record<DeliveryState, string>> = {
  queued: 'waiting to be sent',
  sent: 'sent',
  delivered: 'delivered',
  read: 'read',
  failed: 'not sent',
}

/** How far an own message has come; never by colour alone, and said in words to screen readers. */
export function DeliveryIcon({
  state,
  size = 16,
}: {
  readonly state: DeliveryState
  readonly size?: number
}) {
  return (
    <svg
      viewBox="0 0 24 24"
      width={size}
      height={size}
      className={cx(styles.icon, styles[state])}
      role="img"
      aria-label={DELIVERY_WORDS[state]}
      data-delivery={state}
    >
      {SIGNS[state]}
    </svg>
  )
}

/** Keeps the room of the icon that comes as soon as the message is stored. */
export function NoDeliveryYet() {
  return <span className={styles.none} aria-hidden="true" />
}
