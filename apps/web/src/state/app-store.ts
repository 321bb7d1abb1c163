import type {
  AccountSettings,
  ChatId,
  ChatSummary,
  ConnectionState,
  EngineConnection,
  QuotaState,
  SessionState,
  TimelineRow,
  TimelineWindow,
} from '@entangle/client'
import { createStore, type StoreApi } from 'zustand/vanilla'
import { expectedSession, type LastVisit } from './last-visit.ts'
import { isSame, reconcileList } from './reconcile.ts'
import type { Sending } from './sending.ts'

/** What the engine last said. Components read it and never change it. */
export type AppState = {
  readonly session: SessionState
  /** How it was when this page was last left. */
  readonly lastVisit: LastVisit
  readonly connection: ConnectionState
  /** Null until the engine has read them from this device. */
  readonly chats: readonly ChatSummary[] | null
  /** The windows that are open, by chat. */
  readonly timelines: Readonly<Record<ChatId, TimelineWindow>>
  readonly sending: Sending
  readonly quota: QuotaState
  /** Kept in step between the account's devices. */
  readonly settings: AccountSettings
}

export type AppStore = StoreApi<AppState>

const EMPTY = {
  chats: null,
  timelines: {},
  sending: {},
  settings: {},
  quota: { historyFull: false, settingsFull: false },
} as const

/** Follows the engine's events for as long as the page lives. */
export function createAppStore(engine: EngineConnection, lastVisit: LastVisit): AppStore {
  const store = createStore<AppState>(() => ({
    session: expectedSession(lastVisit),
    lastVisit,
    connection: { phase: 'connecting', since: Date.now() },
    ...EMPTY,
  }))
  engine.on('session', session => {
    // An engine that starts again changes nothing of what is on the screen.
    if (session.phase === 'starting' || isSame(store.getState().session, session)) return
    // Nothing of one account may show through in the next one's session.
    store.setState(session.phase === 'signed-in' ? { session } : { session, ...EMPTY })
  })
  engine.on('connection', connection => store.setState({ connection }))
  engine.on('chats', chats =>
    store.setState(state => ({ chats: reconcileList(state.chats, chats, chat => chat.id) })),
  )
  engine.on('quota', quota => store.setState({ quota }))
  engine.on('settings', settings => store.setState({ settings }))
  engine.on('timeline', window => receiveTimeline(store, window))
  return store
}

export function receiveTimeline(store: AppStore, window: TimelineWindow): void {
  store.setState(state => {
    const before = state.timelines[window.chatId]
    const rows = reconcileList(before?.rows ?? null, window.rows, row => row.messageId)
    const people = reconcileList(before?.people ?? null, window.people, person => person.accountId)
    return { timelines: { ...state.timelines, [window.chatId]: { ...window, rows, people } } }
  })
}

export function changeSending(
  store: AppStore,
  chatId: ChatId,
  change: (rows: readonly TimelineRow[]) => readonly TimelineRow[],
): void {
  store.setState(({ sending }) => ({ sending: { ...sending, [chatId]: change(sending[chatId] ?? []) } }))
}

export function forgetTimeline(store: AppStore, chatId: ChatId): void {
  store.setState(state => {
    const { [chatId]: _, ...timelines } = state.timelines
    return { timelines }
  })
}
