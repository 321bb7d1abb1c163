import type { ChatId, ChatSummary } from '@entangle/client'
import { ChevronRight, MailQuestion } from 'lucide-react'
import { useId, useState } from 'react'
import { plural } from '../text/counting.ts'
import { ChatListItem } from './ChatListItem.tsx'
import styles from './RequestGroup.module.css'

type Props = {
  readonly chats: readonly ChatSummary[]
  readonly current: ChatId | null
  readonly now: number
}

/** Strangers who wrote first or took one into a group, kept apart until they are answered. */
export function RequestGroup({ chats, current, now }: Props) {
  const [open, setOpen] = useState(false)
  const id = useId()
  if (chats.length === 0) return null
  // The open chat never hides in a closed group.
  const expanded = open || chats.some(chat => chat.id === current)
  return (
    <section className={styles.group}>
      <button
        type="button"
        className={styles.toggle}
        aria-expanded={expanded}
        aria-controls={id}
        onClick={() => setOpen(!expanded)}
      >
        <span className={styles.sign}>
          <MailQuestion size={18} />
        </span>
        <span className={styles.label}>{plural(chats.length, requestWord(chats))}</span>
        <ChevronRight size={18} className={styles.chevron} />
      </button>
      <ul id={id} aria-label="Message requests" hidden={!expanded} className={styles.entries}>
        {expanded &&
          chats.map(chat => (
            <li key={chat.id}>
              <ChatListItem chat={chat} current={chat.id === current} now={now} />
            </li>
          ))}
      </ul>
    </section>
  )
}

function requestWord(chats: readonly ChatSummary[]): string {
  if (chats.every(chat => chat.kind === 'direct')) return 'message request'
  return chats.every(chat => chat.kind === 'group') ? 'group request' : 'request'
}
