import type { ChatId } from '@entangle/client'
import { MessageCircle } from 'lucide-react'
import { lazy, Suspense, useCallback, useEffect, useState } from 'react'
import { Redirect, useLocation, useRoute } from 'wouter'
import { ChatScreen } from '../chat/ChatScreen.tsx'
import { ConnectionBanner } from '../chat/ConnectionBanner.tsx'
import { ChatListPane } from '../chats/ChatListPane.tsx'
import { NoChats } from '../chats/NoChats.tsx'
import { useDeviceName } from '../devices/use-device-name.ts'
import { useApp, useInvitation } from '../state/app-context.ts'
import { Button } from '../ui/Button.tsx'
import { cx } from '../ui/cx.ts'
import { Empty } from '../ui/Empty.tsx'
import { Hidden } from '../ui/Hidden.tsx'
import styles from './AppShell.module.css'
import { type OpenDialog, ShellContext, useOpenDialog } from './shell-context.ts'
import { useKeys } from './use-keys.ts'
import { useTitle } from './use-title.ts'

const SettingsScreen = lazy(async () => ({
  default: (await import('../settings/SettingsScreen.tsx')).SettingsScreen,
}))
const NewChatDialog = lazy(async () => ({
  default: (await import('../chats/NewChatDialog.tsx')).NewChatDialog,
}))
const RecoveryDialog = lazy(async () => ({
  default: (await import('../recovery/RecoveryDialog.tsx')).RecoveryDialog,
}))
const JoinDialog = lazy(async () => ({ default: (await import('../join/JoinDialog.tsx')).JoinDialog }))
const HelpDialog = lazy(async () => ({ default: (await import('./HelpDialog.tsx')).HelpDialog }))

/** Everything behind the sign-in: the list, and beside it a chat, the settings or nothing yet. */
export function AppShell() {
  const [path, navigate] = useLocation()
  const [inChat, params] = useRoute('/chat/:id')
  const inSettings = path === '/settings'
  const chatId = inChat ? (params.id as ChatId) : null
  const [dialog, setDialog] = useState<OpenDialog | null>(null)
  const closeDialog = useCallback(() => setDialog(null), [])
  const { link, setLink } = useInvitation()
  const showList = chatId === null && !inSettings

  const empty = useApp(state => state.chats?.length === 0)
  const ready = useApp(state => state.session.phase === 'signed-in')

  useTitle(chatId, inSettings)
  useKeys({ chatId, dialogOpen: dialog !== null || link !== null, open: setDialog, navigate })
  useEffect(warmUp, [])
  useDeviceName()

  // Not before it is known that nobody was signed out meanwhile: what they asked for may be for them then.
  if (ready && path !== '/' && chatId === null && !inSettings) return <Redirect to="/" replace />

  return (
    <ShellContext value={setDialog}>
      <main className={styles.shell}>
        <Hidden>
          <h1>Entangle</h1>
        </Hidden>
        <div className={cx(styles.list, !showList && styles.away)}>
          <ChatListPane current={chatId} />
          <div className={styles.listBanner}>
            <ConnectionBanner />
          </div>
        </div>
        <div className={cx(styles.main, showList && styles.away)}>
          {chatId !== null && <ChatScreen key={chatId} chatId={chatId} />}
          {inSettings && ready && (
            <Suspense fallback={null}>
              <SettingsScreen />
            </Suspense>
          )}
          {showList && (empty ? <NoChats /> : <NothingOpen />)}
        </div>
      </main>
      <Suspense fallback={null}>
        {dialog === 'new-chat' && <NewChatDialog onClose={closeDialog} />}
        {dialog === 'recovery' && <RecoveryDialog onClose={closeDialog} />}
        {link !== null && ready && <JoinDialog key={link} link={link} onClose={() => setLink(null)} />}
        {dialog === 'help' && <HelpDialog onClose={closeDialog} />}
      </Suspense>
    </ShellContext>
  )
}

function NothingOpen() {
  const openDialog = useOpenDialog()
  return (
    <Empty
      icon={<MessageCircle size={28} strokeWidth={1.75} />}
      action={<Button onClick={() => openDialog('new-chat')}>Start a chat</Button>}
    >
      Choose a chat, or write to someone new.
    </Empty>
  )
}

/** Fetches the lazy parts once the screen is quiet, so that they open at once and also offline. */
function warmUp() {
  const timer = setTimeout(() => {
    const parts = [
      import('../chats/NewChatDialog.tsx'),
      import('../chat/Details.tsx'),
      import('../chat/DetailsSheet.tsx'),
      import('../settings/SettingsScreen.tsx'),
      import('./HelpDialog.tsx'),
      import('../recovery/RecoveryDialog.tsx'),
    ]
    // Offline they are asked for again when they are needed.
    void Promise.allSettled(parts)
  }, 3_000)
  return () => clearTimeout(timer)
}
