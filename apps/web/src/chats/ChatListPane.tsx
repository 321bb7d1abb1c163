import type { ChatId } from '@entangle/client'
import { LoaderCircle, Search, Settings, SquarePen } from 'lucide-react'
import { lazy, Suspense } from 'react'
import { Link, useRoute } from 'wouter'
import { useOpenDialog } from '../app/shell-context.ts'
import { ReminderCard } from '../recovery/ReminderCard.tsx'
import { useAccount, useApp } from '../state/app-context.ts'
import { useDelayed, useNow } from '../state/hooks.ts'
import { Avatar } from '../ui/Avatar.tsx'
import { IconButton } from '../ui/Button.tsx'
import { ChatListItem } from './ChatListItem.tsx'
import styles from './ChatListPane.module.css'
import { isArriving, listedChats, requestChats } from './listed-chats.ts'
import { NoChats } from './NoChats.tsx'
import { QuotaLine } from './QuotaLine.tsx'
import { RequestGroup } from './RequestGroup.tsx'

const LongChatList = lazy(async () => ({ default: (await import('./LongChatList.tsx')).LongChatList }))

/** Past this many entries only the visible ones are rendered. */
const LONG = 150

const command = /Mac|iPhone|iPad/.test(navigator.userAgent) ? '⌘K' : 'Ctrl K'

export function ChatListPane({ current }: { readonly current: ChatId | null }) {
  const chats = useApp(state => state.chats)
  const account = useAccount()
  const known = account.handle !== ''
  const openDialog = useOpenDialog()
  const [inSettings] = useRoute('/settings')
  const now = useNow()

  return (
    <nav className={styles.pane} aria-label="Conversations" data-region="list">
      <header className={styles.head}>
        <h2 className={styles.title}>Chats</h2>
        <IconButton label="New chat" onClick={() => openDialog('new-chat')}>
          <SquarePen size={20} />
        </IconButton>
      </header>
      <button type="button" className={styles.search} onClick={() => openDialog('new-chat')}>
        <Search size={16} />
        <span>Find a person or chat</span>
        <kbd>{command}</kbd>
      </button>
      <div className={styles.scroller}>
        {chats === null ? (
          <Skeleton />
        ) : (
          <>
            <div role="status">{isArriving(chats) && <Arriving />}</div>
            <RequestGroup chats={requestChats(chats)} current={current} now={now} />
            <Entries
              chats={listedChats(chats, current)}
              current={current}
              now={now}
              anyRequest={requestChats(chats).length > 0}
            />
          </>
        )}
      </div>
      <ReminderCard />
      <QuotaLine />
      <footer className={styles.foot}>
        <Link
          href="/settings"
          className={styles.me}
          aria-label="Settings"
          aria-current={inSettings ? 'page' : undefined}
        >
          <span className={styles.meFace}>{known && <Avatar account={account} size="small" />}</span>
          <span className={styles.meName}>
            <b>{account.displayName}</b>
            {known && <span>@{account.handle}</span>}
          </span>
          <Settings size={19} />
        </Link>
      </footer>
    </nav>
  )
}

type EntriesProps = {
  readonly chats: ReturnType<typeof listedChats>
  readonly current: ChatId | null
  readonly now: number
  readonly anyRequest: boolean
}

function Entries({ chats, current, now, anyRequest }: EntriesProps) {
  if (chats.length === 0) {
    if (anyRequest) return null
    return (
      <>
        <p className={styles.beside}>Your chats will appear here.</p>
        <div className={styles.alone}>
          <NoChats />
        </div>
      </>
    )
  }
  const items = chats.map(chat => (
    <ChatListItem key={chat.id} chat={chat} current={chat.id === current} now={now} />
  ))
  if (chats.length > LONG) {
    return (
      <Suspense fallback={null}>
        <LongChatList>{items}</LongChatList>
      </Suspense>
    )
  }
  return (
    <ul className={styles.entries} aria-label="Chats">
      {items.map(item => (
        <li key={item.key}>{item}</li>
      ))}
    </ul>
  )
}

/** A new device on its way into the account's groups. */
function Arriving() {
  const due = useDelayed(500)
  if (!due) return null
  return (
    <p className={styles.arriving}>
      <LoaderCircle size={15} aria-hidden="true" />
      Bringing your chats here…
    </p>
  )
}

function Skeleton() {
  const due = useDelayed(200)
  if (!due) return null
  return (
    <div className={styles.skeleton} aria-hidden="true">
      {['a', 'b', 'c', 'd', 'e'].map(key => (
        <div key={key} className={styles.bone}>
          <i />
          <span />
          <span />
        </div>
      ))}
    </div>
  )
}
