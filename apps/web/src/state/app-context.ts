import type { ChatId, ChatSummary, EngineConnection } from '@entangle/client'
import type { AccountSummary } from '@entangle/protocol'
import { createContext, useContext } from 'react'
import { useStore } from 'zustand'
import type { AppState, AppStore } from './app-store.ts'

export type App = { readonly engine: EngineConnection; readonly store: AppStore }

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

export function useChat(id: ChatId): ChatSummary | null {
  return useApp(state => state.chats?.find(chat => chat.id === id) ?? null)
}

const NOBODY = { accountId: '', handle: '', displayName: '' } as unknown as AccountSummary

/** The account that is signed in; only screens inside the session use it. */
export function useAccount(): AccountSummary {
  return useApp(state => (state.session.phase === 'signed-in' ? state.session.account : NOBODY))
}
