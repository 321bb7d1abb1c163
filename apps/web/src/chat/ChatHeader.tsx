import type { ChatSummary, GroupSummary } from '@entangle/client'
import { ArrowLeft, Info } from 'lucide-react'
import { Link } from 'wouter'
import { membersLine, phaseWords } from '../groups/group-text.ts'
import { useMembers } from '../groups/use-members.ts'
import { chatName } from '../text/names.ts'
import { ChatAvatar } from '../ui/Avatar.tsx'
import { IconButton } from '../ui/Button.tsx'
import styles from './ChatHeader.module.css'

type Props = {
  readonly chat: ChatSummary
  readonly detailsOpen: boolean
  readonly onToggleDetails: () => void
}

export function ChatHeader({ chat, detailsOpen, onToggleDetails }: Props) {
  return (
    <header className={styles.head}>
      <BackToChats />
      <div className={styles.who}>
        <ChatAvatar chat={chat} size="small" />
        <div className={styles.names}>
          <h2 className={styles.name}>
            {/* The keyboard has the button beside it; this one is for a tap on the name. */}
            <button type="button" tabIndex={-1} onClick={onToggleDetails}>
              {chatName(chat)}
            </button>
          </h2>
          {chat.kind === 'group' ? (
            <GroupLine chat={chat} />
          ) : (
            <p className={styles.line}>{chat.peer.gone ? 'Deleted account' : `@${chat.peer.handle}`}</p>
          )}
        </div>
      </div>
      <IconButton label="Details" aria-pressed={detailsOpen} onClick={onToggleDetails}>
        <Info size={21} />
      </IconButton>
    </header>
  )
}

/** Before it is known whose chat it is. */
export function EmptyChatHeader() {
  return (
    <header className={styles.head}>
      <BackToChats />
    </header>
  )
}

function BackToChats() {
  return (
    <Link href="/" className={styles.back} aria-label="Back to chats">
      <ArrowLeft size={22} />
    </Link>
  )
}

function GroupLine({ chat }: { readonly chat: GroupSummary }) {
  const { members } = useMembers(chat)
  const phase = phaseWords(chat.group.phase)
  return (
    <p className={styles.line} role="status">
      {phase ?? membersLine(chat.group.memberCount, members)}
    </p>
  )
}
