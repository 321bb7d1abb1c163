import type { ChatSummary } from '@entangle/client'
import { memo } from 'react'
import { Link } from 'wouter'
import { badge } from '../text/counting.ts'
import { chatName } from '../text/names.ts'
import { timeFormat } from '../text/time-format.ts'
import { ChatAvatar } from '../ui/Avatar.tsx'
import { cx } from '../ui/cx.ts'
import { Hidden } from '../ui/Hidden.tsx'
import styles from './ChatListItem.module.css'
import { ChatPreview } from './ChatPreview.tsx'

type Props = { readonly chat: ChatSummary; readonly current: boolean; readonly now: number }

export const ChatListItem = memo(function ChatListItem({ chat, current, now }: Props) {
  const { last, unread } = chat
  return (
    <Link
      href={`/chat/${chat.id}`}
      className={cx(styles.entry, unread > 0 && styles.unread)}
      aria-current={current ? 'page' : undefined}
    >
      <ChatAvatar chat={chat} />
      <span className={styles.name}>{chatName(chat)}</span>
      <span className={styles.time}>
        {last !== null && (
          <time dateTime={new Date(last.time).toISOString()}>{timeFormat.short(last.time, now)}</time>
        )}
      </span>
      <span className={styles.preview}>
        <ChatPreview chat={chat} current={current} />
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
