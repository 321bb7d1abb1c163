import type { ChatSummary } from '@entangle/client'
import { memo } from 'react'
import { Link } from 'wouter'
import { DeliveryIcon } from '../chat/DeliveryIcon.tsx'
import { badge } from '../text/counting.ts'
import { timeFormat } from '../text/time-format.ts'
import { Avatar } from '../ui/Avatar.tsx'
import { cx } from '../ui/cx.ts'
import { Hidden } from '../ui/Hidden.tsx'
import styles from './ChatListItem.module.css'

type Props = { readonly chat: ChatSummary; readonly current: boolean; readonly now: number }

export const ChatListItem = memo(function ChatListItem({ chat, current, now }: Props) {
  const { peer, last, unread } = chat
  return (
    <Link
      href={`/chat/${chat.id}`}
      className={cx(styles.entry, unread > 0 && styles.unread)}
      aria-current={current ? 'page' : undefined}
    >
      <Avatar account={peer} />
      <span className={styles.name}>{peer.displayName || `@${peer.handle}`}</span>
      <span className={styles.time}>
        {last !== null && (
          <time dateTime={new Date(last.time).toISOString()}>{timeFormat.short(last.time, now)}</time>
        )}
      </span>
      <span className={styles.preview}>
        <Preview chat={chat} current={current} />
      </span>
      {unread > 0 && (
        <span className={styles.badge}>
          <span aria-hidden="true">{badge(unread)}</span>
          <Hidden>{unread} unread</Hidden>
        </span>
      )}
    </Link>
  )
})

function Preview({ chat, current }: { readonly chat: ChatSummary; readonly current: boolean }) {
  const { last, peer } = chat
  if (chat.standing === 'blocked') return <i className={styles.quiet}>Blocked</i>
  if (chat.typing) return <span className={styles.typing}>typing…</span>
  if (chat.draft !== '' && !current) {
    return (
      <>
        <b className={styles.draft}>Draft:</b> {chat.draft}
      </>
    )
  }
  if (last === null) return <span>@{peer.handle}</span>
  return (
    <>
      {last.own && last.delivery !== null && <DeliveryIcon state={last.delivery} size={15} />}
      <span className={styles.text}>{last.text === '' ? 'Message' : last.text}</span>
    </>
  )
}
