import type { ChatSummary, TimelineWindow } from '@entangle/client'
import type { AccountSummary } from '@entangle/protocol'
import { ArrowDown, LoaderCircle } from 'lucide-react'
import { type KeyboardEvent, type Ref, useImperativeHandle, useMemo, useRef, useState } from 'react'
import { useEngine } from '../state/app-context.ts'
import { useDelayed, useNow } from '../state/hooks.ts'
import { badge } from '../text/counting.ts'
import { chatName } from '../text/names.ts'
import { timeFormat } from '../text/time-format.ts'
import { cx } from '../ui/cx.ts'
import { Hidden } from '../ui/Hidden.tsx'
import { type MessageActions, MessageBubble } from './MessageBubble.tsx'
import { NoticeRow } from './NoticeRow.tsx'
import styles from './Timeline.module.css'
import { layoutTimeline, type TimelineItem } from './timeline-layout.ts'
import { useAnnouncer } from './use-announcer.ts'
import { usePeople } from './use-people.ts'
import { useReadMarks } from './use-read-marks.ts'
import { useTimelineScroll } from './use-timeline-scroll.ts'

export type TimelineHandle = { readonly toLatest: () => void }

type Props = {
  readonly chat: ChatSummary
  readonly window: TimelineWindow
  /** Somebody's safety number changed, and the reader wants to see it. */
  readonly onLookAtNumber: (person: AccountSummary) => void
  readonly ref: Ref<TimelineHandle>
}

export function Timeline({ chat, window, onLookAtNumber, ref }: Props) {
  const engine = useEngine()
  const now = useNow()
  const scroller = useRef<HTMLDivElement>(null)
  const [roving, setRoving] = useState<string | null>(null)
  const items = useMemo(() => layoutTimeline(window, timeFormat.dayKey), [window])
  const checkRead = useReadMarks(chat.id, scroller)
  const { start, end, away, reachesOlder, onScroll, toLatest } = useTimelineScroll(
    chat.id,
    window,
    items,
    scroller,
    checkRead,
  )
  const people = usePeople(chat, window)
  const announcement = useAnnouncer(window, people)
  useImperativeHandle(ref, () => ({ toLatest }), [toLatest])

  const actions = useMemo<MessageActions>(
    () => ({
      retry: messageId => void engine.request('retryMessage', { chatId: chat.id, messageId }).catch(() => {}),
      discard: messageId =>
        void engine.request('discardMessage', { chatId: chat.id, messageId }).catch(() => {}),
    }),
    [engine, chat.id],
  )

  const shown = items.slice(start, end)
  const stops = shown.filter(item => item.kind === 'message' || item.kind === 'notice')
  const tabbable = stops.some(item => item.key === roving) ? roving : (stops.at(-1)?.key ?? null)

  const renderItem = (item: TimelineItem) => {
    switch (item.kind) {
      case 'message':
        return (
          <MessageBubble
            key={item.key}
            row={item.row}
            first={item.first}
            last={item.last}
            tabbable={item.key === tabbable}
            sender={people.find(item.row.sender)}
            named={chat.kind === 'group'}
            actions={actions}
          />
        )
      case 'notice':
        return (
          <NoticeRow
            key={item.key}
            row={item.row}
            first={item.first}
            tabbable={item.key === tabbable}
            people={people}
            onLookAtNumber={onLookAtNumber}
          />
        )
      case 'day':
        return (
          <li key={item.key} data-key={item.key} className={styles.day}>
            <time dateTime={timeFormat.dayKey(item.time)}>{timeFormat.day(item.time, now)}</time>
          </li>
        )
      case 'new':
        return (
          <li key={item.key} data-key={item.key} className={styles.new}>
            <span>New · {item.count}</span>
          </li>
        )
    }
  }

  return (
    <section
      className={styles.frame}
      aria-label={chat.kind === 'group' ? `Messages in ${chatName(chat)}` : `Messages with ${chatName(chat)}`}
      data-region="timeline"
    >
      <div ref={scroller} className={styles.scroller} onScroll={onScroll}>
        {/* Stands in the space above the rows: in their flow it would move what is being read. */}
        <div className={styles.older} role="status">
          {reachesOlder && <EarlierMessages />}
        </div>
        <ol
          className={styles.rows}
          aria-label="Messages"
          onKeyDown={moveFocus}
          onFocus={event => {
            const row = event.target.closest<HTMLElement>('li[data-key]')
            if (row?.dataset['key'] !== undefined) setRoving(row.dataset['key'])
          }}
        >
          {shown.map(renderItem)}
        </ol>
      </div>
      <button
        type="button"
        className={cx(styles.jump, !away && styles.jumpAway)}
        onClick={toLatest}
        inert={!away}
        aria-label={chat.unread > 0 ? `Jump to latest, ${chat.unread} new` : 'Jump to latest'}
      >
        <ArrowDown size={20} />
        {chat.unread > 0 && <span className={styles.jumpCount}>{badge(chat.unread)}</span>}
      </button>
      <Hidden>
        <span role="status" aria-live="polite">
          {announcement}
        </span>
      </Hidden>
    </section>
  )
}

function EarlierMessages() {
  // What is on this device comes faster than one can read this.
  const due = useDelayed(300)
  if (!due) return null
  return (
    <span className={styles.olderText}>
      <LoaderCircle size={15} aria-hidden="true" className={styles.turning} />
      Loading earlier messages…
    </span>
  )
}

/** Arrows go from message to message, wherever in one the focus is. */
function moveFocus(event: KeyboardEvent<HTMLOListElement>): void {
  if (!(event.target instanceof HTMLElement) || event.altKey || event.ctrlKey || event.metaKey) return
  const all = [...event.currentTarget.querySelectorAll<HTMLElement>('article')]
  const here = all.indexOf(event.target.closest('li')?.querySelector('article') ?? event.target)
  const to = { ArrowUp: here - 1, ArrowDown: here + 1, Home: 0, End: all.length - 1 }[event.key]
  if (to === undefined || here === -1) return
  event.preventDefault()
  all[to]?.focus({ preventScroll: true })
  all[to]?.scrollIntoView({ block: 'nearest' })
}
