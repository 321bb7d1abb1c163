import type { ChatId, ChatSummary, EngineConnection } from '@entangle/client'
import type { AccountSummary } from '@entangle/protocol'
import { createContext, useCallback, useContext } from 'react'
import { useStore } from 'zustand'
import type { InvitationStore } from '../join/invitation.ts'
import type { AppState, AppStore } from './app-store.ts'

export type App = {
  readonly engine: EngineConnection
  readonly store: AppStore
  /** A link into a group by which somebody came. */
  readonly invitation: InvitationStore
}

export const AppContext = createContext<App | null>(null)

export function useAppContext(): App {
  const app = useContext(AppContext)
  if (app === null) throw new Error('There is no AppContext above this component.')
  return app
}

export function useEngine(): EngineConnection {
  return useAppContext().engine
}

export function useApp<Value>(select: (state: AppState) => Value): Value {
  return useStore(useAppContext().store, select)
}

/** The invitation that waits for an answer, and how to put one there or take it away. */
export function useInvitation(): { link: string | null; setLink: (link: string | null) => void } {
  const { invitation } = useAppContext()
  const link = useStore(invitation, state => state.link)
  const setLink = useCallback((next: string | null) => invitation.setState({ link: next }), [invitation])
  return { link, setLink }
}

export function useChat(id: ChatId): ChatSummary | null {
  return useApp(state => state.chats?.find(chat => chat.id === id) ?? null)
}

const NOBODY = { accountId: '', handle: '', displayName: '' } as unknown as AccountSummary

/** The account that is signed in; only screens inside the session use it. */
export function useAccount(): AccountSummary {
  return useApp(state => (state.session.phase === 'signed-in' ? state.session.account : NOBODY))
}
