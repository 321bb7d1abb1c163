import type { DeliveryState } from '@entangle/client'
import { Check, CheckCheck, CircleAlert, Clock } from 'lucide-react'
import { cx } from '../ui/cx.ts'
import styles from './DeliveryIcon.module.css'

const ICONS = { queued: Clock, sent: Check, delivered: CheckCheck, read: CheckCheck, failed: CircleAlert }

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
  const Icon = ICONS[state]
  return (
    <Icon
      size={size}
      strokeWidth={state === 'queued' ? 2 : 2.25}
      className={cx(styles.icon, styles[state])}
      role="img"
      aria-label={DELIVERY_WORDS[state]}
      aria-hidden={undefined}
      data-delivery={state}
    />
  )
}

/** Keeps the room of the icon that comes as soon as the message is stored. */
export function NoDeliveryYet() {
  return <span className={styles.none} aria-hidden="true" />
}
