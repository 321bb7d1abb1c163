import type { TimelineRow } from '@entangle/client'
import type { AccountSummary } from '@entangle/protocol'
import { memo } from 'react'
import { timeFormat } from '../text/time-format.ts'
import { cx } from '../ui/cx.ts'
import styles from './NoticeRow.module.css'
import { noticeRowWords } from './row-words.ts'
import type { People } from './use-people.ts'

type Props = {
  readonly row: TimelineRow
  readonly first: boolean
  readonly tabbable: boolean
  readonly people: People
  readonly onLookAtNumber: (person: AccountSummary) => void
}

/** Something that happened in the chat, quiet between what was said. */
export const NoticeRow = memo(function NoticeRow({ row, first, tabbable, people, onLookAtNumber }: Props) {
  const words = noticeRowWords(row, people)
  const changed =
    row.content.kind === 'notice' && row.content.notice.kind === 'identity-changed'
      ? people.find(row.content.notice.person)
      : undefined
  return (
    <li
      className={cx(styles.row, first && styles.first)}
      data-seq={row.seq ?? undefined}
      data-key={row.messageId}
    >
      <article
        className={styles.notice}
        tabIndex={tabbable ? 0 : -1}
        aria-label={`${words}, ${timeFormat.clock(row.time)}`}
        title={timeFormat.full(row.time)}
        dir="auto"
      >
        {words}
      </article>
      {changed !== undefined && changed.accountId !== people.self && (
        <button type="button" className={styles.look} onClick={() => onLookAtNumber(changed)}>
          Show safety number
        </button>
      )}
    </li>
  )
})
