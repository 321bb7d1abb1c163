import type { ChatId, ChatSummary, TimelineRow, TimelineWindow } from '@entangle/client'
import type { AccountSummary } from '@entangle/protocol'
import { MessageCircleOff } from 'lucide-react'
import { lazy, Suspense, useCallback, useMemo, useRef, useState } from 'react'
import { useLocation } from 'wouter'
import { useApp, useChat } from '../state/app-context.ts'
import { useDelayed, useMedia } from '../state/hooks.ts'
import { withSending } from '../state/sending.ts'
import { chatName } from '../text/names.ts'
import { Button } from '../ui/Button.tsx'
import { cx } from '../ui/cx.ts'
import { Empty } from '../ui/Empty.tsx'
import { ChatFoot } from './ChatFoot.tsx'
import { ChatHeader, EmptyChatHeader } from './ChatHeader.tsx'
import styles from './ChatScreen.module.css'
import { ConnectionBanner } from './ConnectionBanner.tsx'
import { IdentityWarning } from './IdentityWarning.tsx'
import { RecordDoubt } from './RecordDoubt.tsx'
import { Timeline, type TimelineHandle } from './Timeline.tsx'
import { TypingRow } from './TypingRow.tsx'
import { useOpenTimeline } from './use-open-timeline.ts'

const Details = lazy(async () => ({ default: (await import('./Details.tsx')).Details }))
const DetailsSheet = lazy(async () => ({ default: (await import('./DetailsSheet.tsx')).DetailsSheet }))
const SafetyNumberDialog = lazy(async () => ({
  default: (await import('../identity/SafetyNumberDialog.tsx')).SafetyNumberDialog,
}))
const ReviewDialog = lazy(async () => ({
  default: (await import('../identity/ReviewDialog.tsx')).ReviewDialog,
}))

const NOTHING: readonly TimelineRow[] = []

export function ChatScreen({ chatId }: { readonly chatId: ChatId }) {
  const chat = useChat(chatId)
  const loaded = useApp(state => state.chats !== null)
  const [, navigate] = useLocation()
  // Asked for together with the list, so that both come at once.
  const stored = useOpenTimeline(chatId, chat !== null || !loaded)
  const sending = useApp(state => state.sending[chatId] ?? NOTHING)
  const window = useMemo(() => stored && withSending(stored, sending), [stored, sending])
  if (chat !== null) return <Chat chat={chat} window={window} />
  if (!loaded) return <WaitingChat />
  return (
    <Empty
      icon={<MessageCircleOff size={28} strokeWidth={1.75} />}
      action={<Button onClick={() => navigate('/')}>Back to chats</Button>}
    >
      This chat is not on this device.
    </Empty>
  )
}

/** Whose identity is looked at: their safety number, or what to do about a change that does not verify. */
type Look = { readonly at: 'number' | 'change'; readonly person: AccountSummary }

type ChatProps = { readonly chat: ChatSummary; readonly window: TimelineWindow | null }

function Chat({ chat, window }: ChatProps) {
  const timeline = useRef<TimelineHandle>(null)
  const [details, setDetails] = useState(false)
  const [look, setLook] = useState<Look | null>(null)
  const wide = useMedia('(width >= 1200px)')
  const lookAtNumber = useCallback((person: AccountSummary) => setLook({ at: 'number', person }), [])
  const suspect = chat.kind === 'direct' ? chat.peer : chat.suspect

  return (
    <div className={cx(styles.screen, details && wide && styles.withDetails)}>
      <div className={styles.column}>
        <ChatHeader chat={chat} detailsOpen={details} onToggleDetails={() => setDetails(!details)} />
        <div className={styles.body}>
          <ConnectionBanner />
          {chat.warning !== null && (
            <IdentityWarning
              chat={chat}
              person={suspect}
              onReview={person => setLook({ at: 'change', person })}
            />
          )}
          {chat.doubt !== null && <RecordDoubt chat={chat} />}
          {window === null ? (
            <WaitingTimeline />
          ) : (
            <Timeline ref={timeline} chat={chat} window={window} onLookAtNumber={lookAtNumber} />
          )}
          <TypingRow typing={chat.typing} />
        </div>
        <ChatFoot chat={chat} onSent={() => timeline.current?.toLatest()} />
      </div>
      <Suspense fallback={null}>
        {details && wide && (
          <aside className={styles.details} aria-label={`About ${chatName(chat)}`} data-region="details">
            <Details chat={chat} onClose={() => setDetails(false)} />
          </aside>
        )}
        {details && !wide && <DetailsSheet chat={chat} onClose={() => setDetails(false)} />}
        {look?.at === 'number' && <SafetyNumberDialog person={look.person} onClose={() => setLook(null)} />}
        {look?.at === 'change' && <ReviewDialog person={look.person} onClose={() => setLook(null)} />}
      </Suspense>
    </div>
  )
}

/** The frame of a chat, while the engine reads what is in it. */
function WaitingChat() {
  return (
    <div className={styles.column}>
      <EmptyChatHeader />
      <div className={styles.body}>
        <WaitingTimeline />
      </div>
    </div>
  )
}

function WaitingTimeline() {
  const due = useDelayed(200)
  return (
    <div className={styles.waiting} aria-busy="true">
      {due && (
        <>
          <i />
          <i />
          <i />
          <i />
        </>
      )}
    </div>
  )
}
