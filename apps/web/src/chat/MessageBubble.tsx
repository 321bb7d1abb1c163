import type { TimelineContent, TimelineRow } from '@entangle/client'
import type { AccountSummary, MessageId } from '@entangle/protocol'
import { Hourglass, PackageOpen, TriangleAlert } from 'lucide-react'
import { memo } from 'react'
import { nameColourOf } from '../text/initials.ts'
import { isLoneEmoji } from '../text/lone-emoji.ts'
import { personName } from '../text/names.ts'
import { timeFormat } from '../text/time-format.ts'
import { Avatar } from '../ui/Avatar.tsx'
import { cx } from '../ui/cx.ts'
import { DELIVERY_WORDS, DeliveryIcon, NoDeliveryYet } from './DeliveryIcon.tsx'
import styles from './MessageBubble.module.css'
import { MessageText } from './MessageText.tsx'
import { contentWords, PENDING_WORDS, UNSUPPORTED_WORDS } from './row-words.ts'

export type MessageActions = {
  readonly retry: (id: MessageId) => void
  readonly discard: (id: MessageId) => void
}

type Props = {
  readonly row: TimelineRow
  readonly first: boolean
  readonly last: boolean
  /** The one message that Tab reaches; arrows move on from it. */
  readonly tabbable: boolean
  /** Undefined for somebody of whom nothing is known here. */
  readonly sender: AccountSummary | undefined
  /** In a group it is not clear by itself who is speaking. */
  readonly named: boolean
  readonly actions: MessageActions
}

export const MessageBubble = memo(function MessageBubble(props: Props) {
  const { row, first, last, tabbable, sender, named, actions } = props
  const { content, own, delivery, failure } = row
  if (content.kind === 'notice') return null
  const senderName = sender === undefined ? 'Somebody' : personName(sender)
  const other = named && !own
  const time = timeFormat.clock(row.time)
  const emoji = content.kind === 'text' && isLoneEmoji(content.text)
  const name = [contentWords(content), own ? 'You' : senderName, time, delivery && DELIVERY_WORDS[delivery]]
    .filter(Boolean)
    .join(', ')

  return (
    <li
      className={cx(
        styles.row,
        own && styles.own,
        other && styles.named,
        first && styles.first,
        last && styles.last,
      )}
      data-seq={row.seq ?? undefined}
      data-key={row.messageId}
    >
      {other && first && (
        <div className={styles.sender} aria-hidden="true">
          {sender !== undefined && <Avatar account={sender} size="row" />}
          <span className={cx(styles.name, styles[`colour${nameColourOf(row.sender)}`])} dir="auto">
            {senderName}
          </span>
        </div>
      )}
      <article
        className={cx(styles.bubble, emoji && styles.emoji, content.kind !== 'text' && styles.faint)}
        tabIndex={tabbable ? 0 : -1}
        aria-label={name}
      >
        <div className={styles.text} dir="auto">
          <Content content={content} />
          <span className={styles.meta} dir="ltr">
            <time dateTime={new Date(row.time).toISOString()} title={timeFormat.full(row.time)}>
              {time}
            </time>
            {delivery !== null ? <DeliveryIcon state={delivery} /> : own && <NoDeliveryYet />}
          </span>
        </div>
      </article>
      {delivery === 'failed' && (
        <div className={styles.failure}>
          <span>{failure?.message ?? 'Not sent.'}</span>
          <span className={styles.choices}>
            {failure?.canRetry !== false && (
              <button type="button" onClick={() => actions.retry(row.messageId)}>
                Retry
              </button>
            )}
            <button type="button" onClick={() => actions.discard(row.messageId)}>
              Delete
            </button>
          </span>
        </div>
      )}
    </li>
  )
})

function Content({ content }: { readonly content: TimelineContent }) {
  switch (content.kind) {
    case 'text':
      return <MessageText text={content.text} />
    case 'pending': {
      const Icon = content.state === 'lost' ? TriangleAlert : Hourglass
      return (
        <>
          <Icon size={15} className={styles.sign} aria-hidden="true" />
          {PENDING_WORDS[content.state]}
        </>
      )
    }
    case 'notice':
      return null
    case 'unsupported':
      return (
        <>
          <PackageOpen size={15} className={styles.sign} aria-hidden="true" />
          {UNSUPPORTED_WORDS}
        </>
      )
  }
}
