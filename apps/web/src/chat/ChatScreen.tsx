import type { ChatId, ChatSummary } from '@entangle/client'
import { ArrowLeft, Info, MessageCircleOff } from 'lucide-react'
import { lazy, Suspense, useRef, useState } from 'react'
import { Link, useLocation } from 'wouter'
import { useApp, useChat } from '../state/app-context.ts'
import { useDelayed, useMedia } from '../state/hooks.ts'
import { Avatar } from '../ui/Avatar.tsx'
import { Button, IconButton } from '../ui/Button.tsx'
import { cx } from '../ui/cx.ts'
import { Empty } from '../ui/Empty.tsx'
import { ChatFoot } from './ChatFoot.tsx'
import styles from './ChatScreen.module.css'
import { ConnectionBanner } from './ConnectionBanner.tsx'
import { IdentityWarning } from './IdentityWarning.tsx'
import { Timeline, type TimelineHandle } from './Timeline.tsx'
import { useOpenTimeline } from './use-open-timeline.ts'

const PeerDetails = lazy(async () => ({ default: (await import('./PeerDetails.tsx')).PeerDetails }))
const PeerSheet = lazy(async () => ({ default: (await import('./PeerSheet.tsx')).PeerSheet }))

export function ChatScreen({ chatId }: { readonly chatId: ChatId }) {
  const chat = useChat(chatId)
  const loaded = useApp(state => state.chats !== null)
  const [, navigate] = useLocation()
  if (chat !== null) return <Chat chat={chat} />
  if (!loaded) return null
  return (
    <Empty
      icon={<MessageCircleOff size={28} strokeWidth={1.75} />}
      action={<Button onClick={() => navigate('/')}>Back to chats</Button>}
    >
      This chat is not on this device.
    </Empty>
  )
}

function Chat({ chat }: { readonly chat: ChatSummary }) {
  const window = useOpenTimeline(chat.id)
  const timeline = useRef<TimelineHandle>(null)
  const [details, setDetails] = useState(false)
  const wide = useMedia('(width >= 1200px)')
  const { peer } = chat
  const closeDetails = () => setDetails(false)

  return (
    <div className={cx(styles.screen, details && wide && styles.withDetails)}>
      <div className={styles.column}>
        <header className={styles.head}>
          <Link href="/" className={styles.back} aria-label="Back to chats">
            <ArrowLeft size={22} />
          </Link>
          <div className={styles.peer}>
            <Avatar account={peer} size="small" />
            <div className={styles.names}>
              <h2 className={styles.name}>
                {/* The keyboard has the button beside it; this one is for a tap on the name. */}
                <button type="button" tabIndex={-1} onClick={() => setDetails(!details)}>
                  {peer.displayName}
                </button>
              </h2>
              <p className={styles.handle}>{peer.gone ? 'Deleted account' : `@${peer.handle}`}</p>
            </div>
          </div>
          <IconButton label="Details" aria-pressed={details} onClick={() => setDetails(!details)}>
            <Info size={21} />
          </IconButton>
        </header>
        <div className={styles.body}>
          <ConnectionBanner />
          {chat.warning === 'identity-changed' && (
            <IdentityWarning name={peer.displayName} onCompare={() => setDetails(true)} />
          )}
          {window === null ? <WaitingTimeline /> : <Timeline ref={timeline} chat={chat} window={window} />}
          <div className={styles.typing}>
            {chat.typing && (
              <span className={styles.typingText}>
                <span className={styles.dots} aria-hidden="true">
                  <i />
                  <i />
                  <i />
                </span>
                {peer.displayName} is typing…
              </span>
            )}
          </div>
        </div>
        <ChatFoot chat={chat} onSent={() => timeline.current?.toLatest()} />
      </div>
      {details && (
        <Suspense fallback={null}>
          {wide ? (
            <aside className={styles.details} aria-label={`About ${peer.displayName}`} data-region="details">
              <PeerDetails chat={chat} onClose={closeDetails} />
            </aside>
          ) : (
            <PeerSheet chat={chat} onClose={closeDetails} />
          )}
        </Suspense>
      )}
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
