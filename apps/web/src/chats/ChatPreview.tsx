import type { ChatSummary } from '@entangle/client'
import { ShieldAlert } from 'lucide-react'
import { DeliveryIcon } from '../chat/DeliveryIcon.tsx'
import { noticeWords } from '../groups/notice-text.ts'
import { useAccount } from '../state/app-context.ts'
import { memberCount, shortName, typingWords } from '../text/names.ts'
import styles from './ChatListItem.module.css'

/** One line of what is going on in the chat; what asks for something comes first. */
export function ChatPreview({ chat, current }: { readonly chat: ChatSummary; readonly current: boolean }) {
  if (chat.standing === 'blocked') return <i className={styles.quiet}>Blocked</i>
  if (chat.warning !== null) {
    return (
      <span className={styles.alarm}>
        <ShieldAlert size={15} aria-hidden="true" />
        Sending is paused
      </span>
    )
  }
  const typing = typingOf(chat)
  if (typing !== null) return <span className={styles.typing}>{typing}</span>
  if (chat.draft !== '' && !current) {
    return (
      <>
        <b className={styles.draft}>Draft:</b> {chat.draft}
      </>
    )
  }
  if (chat.kind === 'group' && chat.group.phase === 'joining') return 'Joining…'
  if (chat.standing === 'request' && chat.kind === 'group' && chat.addedBy !== null) {
    return `${shortName(chat.addedBy)} added you`
  }
  return <LastMessage chat={chat} />
}

/** In a direct chat it is clear who is typing. */
function typingOf(chat: ChatSummary): string | null {
  if (chat.kind === 'direct') return chat.typing.length > 0 ? 'typing…' : null
  return typingWords(chat.typing, shortName)
}

function LastMessage({ chat }: { readonly chat: ChatSummary }) {
  const self = useAccount()
  const { last } = chat
  if (last === null)
    return chat.kind === 'direct' ? `@${chat.peer.handle}` : memberCount(chat.group.memberCount)
  if (last.notice !== null) {
    return noticeWords(last.notice, {
      actor: last.own ? null : last.sender === null ? 'Somebody' : shortName(last.sender),
      actorId: last.sender?.accountId ?? null,
      self: self.accountId,
      nameOf: () => undefined,
    })
  }
  return (
    <>
      {last.own && last.delivery !== null && <DeliveryIcon state={last.delivery} size={15} />}
      {chat.kind === 'group' && !last.own && last.sender !== null && `${shortName(last.sender)}: `}
      {last.text === '' ? 'Message' : last.text}
    </>
  )
}
