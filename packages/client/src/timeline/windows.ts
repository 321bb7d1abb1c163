import type { AccountId, MessageId } from '@entangle/protocol'
import type { Change } from '../account/changes.ts'
import type { AccountContext } from '../account/context.ts'
import type { ChatId, TimelineRow, TimelineWindow } from '../api/engine-api.ts'
import { engineFailure } from '../api/failures.ts'
import { type ChatRecord, concerns, type Marks } from '../chats/chat-record.ts'
import { nameIn } from '../chats/names.ts'
import { isText } from '../outbox/outbox-entry.ts'
import { reachOf } from '../receipts/reach.ts'
import { withChanges } from './change-rows.ts'
import { countsAsUnread, type MessageRecord } from './message-record.ts'
import { peopleOf } from './notice-schema.ts'
import { pendingState } from './patience.ts'
import { messageRow, outboxRow } from './rows.ts'

const FIRST_ROWS = 60
const MOST_ROWS = 360

type View = {
  readonly messages: readonly MessageRecord[]
  /** In the log of this device; the archive may hold more. */
  readonly hasOlder: boolean
  readonly hasNewer: boolean
  readonly firstUnread: MessageId | null
  readonly unreadAtOpen: number
}

/** Everybody whom the rows name. */
function namedIn(rows: readonly TimelineRow[]): AccountId[] {
  const named = new Set<AccountId>()
  for (const { sender, content } of rows) {
    named.add(sender)
    if (content.kind === 'notice') for (const accountId of peopleOf(content.notice)) named.add(accountId)
  }
  return [...named]
}

/** The windows of one subscriber. */
export function createWindows(context: AccountContext, publish: (window: TimelineWindow) => void) {
  const { self, archive, chats, clock, contacts, keyChanges, log, outbox, changes } = context
  const views = new Map<ChatId, View>()
  const stale = new Set<ChatId>()
  /** Counts appended batches of a chat, so that a page read meanwhile is read again. */
  const appended = new Map<ChatId, number>()

  /** How it stands with what does not open, and when the window is to be shown again because of it. */
  const searchOf = (chatId: ChatId, { seq, time, content }: MessageRecord) => {
    const since = content.kind === 'pending' ? (content.since ?? time) : time
    const devices = contacts.get(self.accountId)?.list.entries.length ?? 1
    const search = { since, askedAt: archive.askedAt(chatId, seq), hasSiblings: devices > 1 }
    return pendingState(search, clock.now())
  }

  const rowOf = (chat: ChatRecord, message: MessageRecord, reach: Marks): TimelineRow => {
    if (message.content.kind !== 'pending') return messageRow(message, reach, 'waiting')
    const { state, changesAt } = searchOf(chat.id, message)
    if (changesAt !== null) touchAt(changesAt)
    return messageRow(message, reach, state)
  }

  const project = (chatId: ChatId, view: View): TimelineWindow | undefined => {
    const chat = chats.get(chatId)
    if (chat === undefined) return undefined
    const reach = reachOf(chat, self.accountId)
    const { hasNewer } = view
    const changed = keyChanges.all().filter(({ accountId }) => concerns(chat, accountId))
    const messages = view.messages.map(message => rowOf(chat, message, reach))
    const rows = withChanges(messages, changed, hasNewer)
    if (!view.hasNewer) {
      // A message is here or there, never both: it moves from the outbox to the log in one write.
      const present = new Set(rows.map(row => row.messageId))
      for (const entry of outbox.list(chatId).filter(isText)) {
        if (!present.has(entry.messageId)) {
          rows.push(outboxRow(entry, self.accountId, outbox.acceptance(entry.messageId)))
        }
      }
    }
    const { firstUnread, unreadAtOpen } = view
    const hasOlder = view.hasOlder || archive.mayHold(chatId)
    const people = namedIn(rows).map(accountId => nameIn(chat, accountId, context.people))
    return { chatId, rows, people, hasOlder, hasNewer, firstUnread, unreadAtOpen }
  }

  const flush = () => {
    for (const chatId of stale) {
      const view = views.get(chatId)
      const window = view === undefined ? undefined : project(chatId, view)
      if (window !== undefined) publish(window)
    }
    stale.clear()
  }

  const touch = (chatId: ChatId) => {
    if (!views.has(chatId)) return
    if (stale.size === 0) void Promise.resolve().then(flush)
    stale.add(chatId)
  }

  let wakesAt = Number.POSITIVE_INFINITY
  let cancelWake: () => void = () => undefined
  /** All windows are looked at then: each says anew when it may change next. */
  const touchAt = (time: number) => {
    if (time >= wakesAt) return
    cancelWake()
    wakesAt = time
    cancelWake = clock.after(Math.max(0, time - clock.now()), () => {
      wakesAt = Number.POSITIVE_INFINITY
      for (const chatId of views.keys()) touch(chatId)
    })
  }

  const append = (chatId: ChatId, messages: readonly MessageRecord[]) => {
    appended.set(chatId, (appended.get(chatId) ?? 0) + 1)
    const view = views.get(chatId)
    if (view === undefined || view.hasNewer) return
    const all = [...view.messages, ...messages]
    const kept = all.slice(-MOST_ROWS)
    views.set(chatId, { ...view, messages: kept, hasOlder: view.hasOlder || kept.length < all.length })
  }

  /**
   * What has come from the archive takes its place, also that of what did not open; a window that was short grows to
   * its first size.
   */
  const insert = (chatId: ChatId, inserted: readonly MessageRecord[]) => {
    appended.set(chatId, (appended.get(chatId) ?? 0) + 1)
    const view = views.get(chatId)
    if (view === undefined) return
    const first = view.messages[0]?.seq ?? Number.POSITIVE_INFINITY
    const last = view.hasNewer ? (view.messages.at(-1)?.seq ?? 0) : Number.POSITIVE_INFINITY
    const came = new Map(inserted.map(message => [message.seq, message]))
    const present = new Set(view.messages.map(({ seq }) => seq))
    const within = inserted.filter(({ seq }) => seq > first && seq < last && !present.has(seq))
    const known = view.messages.map(message => came.get(message.seq) ?? message)
    const messages = [...known, ...within].sort((one, other) => one.seq - other.seq)
    const older = inserted.filter(({ seq }) => seq < first)
    const room = view.hasOlder ? 0 : Math.max(0, FIRST_ROWS - messages.length)
    const shown = older.slice(Math.max(0, older.length - room))
    views.set(chatId, {
      ...view,
      messages: [...(room === 0 ? [] : shown), ...messages],
      hasOlder: view.hasOlder || older.length > room,
    })
  }

  const stopListening = changes.listen((change: Change) => {
    if (change.kind === 'messages') append(change.chatId, change.messages)
    if (change.kind === 'history') insert(change.chatId, change.messages)
    touch(change.chatId)
  })

  const stopListeningToPeople = context.people.listen(() => {
    for (const chatId of views.keys()) touch(chatId)
  })

  const stopListeningToKeys = keyChanges.listen(() => {
    for (const chatId of views.keys()) touch(chatId)
  })

  /** Reads until nothing was appended in between. */
  const settled = async <T>(chatId: ChatId, read: () => Promise<T>): Promise<T> => {
    for (;;) {
      const before = appended.get(chatId) ?? 0
      const result = await read()
      if ((appended.get(chatId) ?? 0) === before) return result
    }
  }

  const firstUnreadOf = async (chatId: ChatId): Promise<MessageRecord | undefined> => {
    const chat = chats.get(chatId)
    if (chat === undefined || chat.unread === 0) return undefined
    const { messages } = await log.after(chatId, chat.readSeq, FIRST_ROWS)
    return messages.find(countsAsUnread)
  }

  const open = async (chatId: ChatId, at: 'unread' | 'latest'): Promise<View> => {
    const unread = await firstUnreadOf(chatId)
    const unreadAtOpen = chats.get(chatId)?.unread ?? 0
    const latest = await log.before(chatId, null, FIRST_ROWS)
    const fixed = { firstUnread: unread?.id ?? null, unreadAtOpen }
    const isInLatest = latest.messages.some(message => message.id === unread?.id)
    if (at === 'latest' || unread === undefined || isInLatest) {
      return { messages: latest.messages, hasOlder: latest.more, hasNewer: false, ...fixed }
    }
    const older = await log.before(chatId, unread.seq, FIRST_ROWS / 2)
    const newer = await log.after(chatId, unread.seq - 1, FIRST_ROWS)
    return {
      messages: [...older.messages, ...newer.messages],
      hasOlder: older.more,
      hasNewer: newer.more,
      ...fixed,
    }
  }

  const grow = async (
    chatId: ChatId,
    view: View,
    direction: 'older' | 'newer',
    count: number,
  ): Promise<View> => {
    if (direction === 'older') {
      const first = view.messages[0]
      const page = await log.before(chatId, first?.seq ?? null, count)
      const all = [...page.messages, ...view.messages]
      const kept = all.slice(0, Math.max(MOST_ROWS, count))
      return {
        ...view,
        messages: kept,
        hasOlder: page.more,
        hasNewer: view.hasNewer || kept.length < all.length,
      }
    }
    const last = view.messages.at(-1)
    if (!view.hasNewer || last === undefined) return view
    const page = await log.after(chatId, last.seq, count)
    const all = [...view.messages, ...page.messages]
    const kept = all.slice(-Math.max(MOST_ROWS, count))
    return {
      ...view,
      messages: kept,
      hasOlder: view.hasOlder || kept.length < all.length,
      hasNewer: page.more,
    }
  }

  /** What this device lacks just above the window is asked for before the window grows. */
  const fillAbove = async (chatId: ChatId, view: View, count: number): Promise<void> => {
    if (!archive.mayHold(chatId)) return
    const page = await log.before(chatId, view.messages[0]?.seq ?? null, count)
    if (page.messages.length < count) await archive.fetchOlder(chatId)
  }

  const show = (chatId: ChatId, view: View): TimelineWindow => {
    views.set(chatId, view)
    const window = project(chatId, view)
    if (window === undefined) throw engineFailure('ENGINE_CHAT_UNKNOWN')
    publish(window)
    return window
  }

  return {
    async open(chatId: ChatId, at: 'unread' | 'latest'): Promise<TimelineWindow> {
      return show(chatId, await settled(chatId, () => open(chatId, at)))
    },
    async extend(chatId: ChatId, direction: 'older' | 'newer', count: number): Promise<TimelineWindow> {
      const view = views.get(chatId)
      if (view === undefined) throw engineFailure('ENGINE_CHAT_UNKNOWN')
      const size = Math.min(Math.max(1, Math.floor(count)), MOST_ROWS)
      if (direction === 'older') await fillAbove(chatId, view, size)
      // Messages that arrive meanwhile change the view; then the page is read anew from what it is by then.
      return show(
        chatId,
        await settled(chatId, () => grow(chatId, views.get(chatId) ?? view, direction, size)),
      )
    },
    close(chatId: ChatId): void {
      views.delete(chatId)
    },
    stop(): void {
      cancelWake()
      stopListening()
      stopListeningToPeople()
      stopListeningToKeys()
      views.clear()
    },
  }
}
export type Windows = ReturnType<typeof createWindows>
