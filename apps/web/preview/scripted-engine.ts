import type {
  ChatId,
  ChatSummary,
  EngineConnection,
  EngineEvents,
  EngineRequestName,
  EngineRequests,
  TimelineRow,
  TimelineWindow,
} from '@entangle/client'
import type { AccountId, AccountSummary, MessageId } from '@entangle/protocol'
import { STRANGER, textRow } from './people.ts'
import type { Scene } from './scenes.ts'
import { pause, ScriptedError } from './scripted-error.ts'
import { scriptGroups } from './scripted-groups.ts'

type Open = { from: number; to: number; firstUnread: TimelineRow['messageId'] | null; unreadAtOpen: number }

type Handlers = {
  readonly [Name in EngineRequestName]: (
    input: Parameters<EngineRequests[Name]>[0],
    id?: string,
  ) => ReturnType<EngineRequests[Name]>
}

const WORDS = 'legal winner thank year wave sausage worth useful legal winner thank yellow'.split(' ')

const OPENED = 120
const LONGEST = 360

/** Plays an engine in memory, so that screens can be looked at in every state. */
export function createScriptedEngine(scene: Scene): EngineConnection {
  const listeners = new Map<keyof EngineEvents, Set<(value: never) => void>>()
  const open = new Map<ChatId, Open>()

  const emit = <Name extends keyof EngineEvents>(name: Name, value: EngineEvents[Name]) => {
    const copy = structuredClone(value)
    for (const listener of listeners.get(name) ?? []) (listener as (value: EngineEvents[Name]) => void)(copy)
  }
  const sorted = () => [...scene.chats].sort((left, right) => right.activity - left.activity)
  const emitChats = () => emit('chats', sorted())
  const rowsOf = (id: ChatId) => scene.rows.get(id) ?? []
  const windowOf = (chatId: ChatId): TimelineWindow => {
    const rows = rowsOf(chatId)
    const place = open.get(chatId) ?? { from: 0, to: rows.length, firstUnread: null, unreadAtOpen: 0 }
    return {
      chatId,
      rows: rows.slice(place.from, place.to),
      people: [...scene.people.values()],
      hasOlder: place.from > 0,
      hasNewer: place.to < rows.length,
      firstUnread: place.firstUnread,
      unreadAtOpen: place.unreadAtOpen,
    }
  }
  const emitTimeline = (chatId: ChatId) => open.has(chatId) && emit('timeline', windowOf(chatId))
  const change = (chatId: ChatId, over: Partial<Omit<ChatSummary, 'kind'>>) => {
    scene.chats = scene.chats.map(chat => (chat.id === chatId ? { ...chat, ...over } : chat))
    emitChats()
  }
  const lastOf = (row: TimelineRow): ChatSummary['last'] => ({
    text: row.content.kind === 'text' ? row.content.text : '',
    notice: row.content.kind === 'notice' ? row.content.notice : null,
    own: row.own,
    sender: scene.people.get(row.sender) ?? null,
    time: row.time,
    delivery: row.delivery,
  })
  const changeRow = (chatId: ChatId, id: string, over: Partial<TimelineRow>) => {
    scene.rows.set(
      chatId,
      rowsOf(chatId).map(row => (row.messageId === id ? { ...row, ...over } : row)),
    )
    const last = rowsOf(chatId).at(-1)
    if (last?.messageId === id) change(chatId, { last: lastOf(last) })
    emitTimeline(chatId)
  }
  const append = (chatId: ChatId, row: TimelineRow) => {
    const rows = [...rowsOf(chatId), row]
    const place = open.get(chatId)
    if (place !== undefined && place.to === rows.length - 1) place.to = rows.length
    scene.rows.set(chatId, rows)
    const unread = scene.chats.find(chat => chat.id === chatId)?.unread ?? 0
    change(chatId, {
      last: lastOf(row),
      activity: row.time,
      unread: row.own || row.content.kind === 'notice' ? unread : unread + 1,
      standing: 'accepted',
    })
    emitTimeline(chatId)
  }
  const deliver = async (chatId: ChatId, id: string) => {
    if (scene.connection.phase !== 'online') return
    for (const delivery of ['sent', 'delivered', 'read'] as const) {
      await pause(500)
      changeRow(chatId, id, { delivery, failure: null, seq: rowsOf(chatId).length })
    }
  }
  const enter = (over: { recoverySaved: boolean }) => {
    const deviceId = scene.devices[0]?.deviceId ?? ('00' as never)
    scene.session = { phase: 'signed-in', account: scene.me, deviceId, ...over }
    emit('session', scene.session)
    emitChats()
  }
  const checkPassword = async (password: string) => {
    await pause(500)
    if (password === 'wrong') throw new ScriptedError('AUTH_CREDENTIALS_WRONG', 'wrong')
  }
  const accountOf = (id: AccountId): AccountSummary => scene.people.get(id) ?? STRANGER

  const verified = new Set<AccountId>()
  const accepted = new Set<AccountId>()
  const handlers: Handlers = {
    signUp: async ({ handle, displayName }) => {
      await pause(600)
      if (handle === 'taken') throw new ScriptedError('AUTH_HANDLE_TAKEN', 'taken')
      if (handle === 'away') throw new ScriptedError('SERVER_UNAVAILABLE', 'away')
      scene.me = { ...scene.me, handle, displayName }
      enter({ recoverySaved: false })
    },
    signIn: async ({ password, handle }) => {
      await pause(600)
      if (handle === 'full') throw new ScriptedError('AUTH_DEVICE_LIMIT', 'limit')
      if (password === 'wrong') throw new ScriptedError('AUTH_CREDENTIALS_WRONG', 'wrong')
      enter({ recoverySaved: true })
    },
    resetAccount: async ({ code }) => {
      await pause(900)
      if (code === 'wrong') throw new ScriptedError('AUTH_RESET_WRONG', 'wrong')
      enter({ recoverySaved: false })
    },
    signOut: async ({ erase }) => {
      await pause(300)
      emit('session', { phase: 'signed-out', remembered: erase ? null : scene.me, reason: 'requested' })
    },
    changePassword: async ({ current }) => {
      await pause(500)
      if (current === 'wrong') throw new ScriptedError('AUTH_CREDENTIALS_WRONG', 'wrong')
    },
    deleteAccount: async ({ password }) => {
      await pause(500)
      if (password === 'wrong') throw new ScriptedError('AUTH_CREDENTIALS_WRONG', 'wrong')
      emit('session', { phase: 'signed-out', remembered: null, reason: 'account-deleted' })
    },
    updateProfile: async ({ displayName }) => {
      await pause(300)
      scene.me = { ...scene.me, displayName }
      if (scene.session.phase === 'signed-in') scene.session = { ...scene.session, account: scene.me }
      emit('session', scene.session)
    },
    listDevices: async () => {
      await pause(scene.slow || 200)
      if (scene.connection.phase !== 'online') throw new ScriptedError('ENGINE_OFFLINE', 'away')
      return scene.devices
    },
    renameDevice: async ({ deviceId, name }) => {
      await pause(300)
      scene.devices = scene.devices.map(device =>
        device.deviceId === deviceId ? { ...device, name } : device,
      )
    },
    removeDevice: async ({ deviceId, password }) => {
      await checkPassword(password)
      scene.devices = scene.devices.filter(device => device.deviceId !== deviceId)
    },
    readRecoveryPhrase: async ({ password }) => {
      await checkPassword(password)
      return { words: WORDS }
    },
    confirmRecoveryPhrase: async () => {
      await pause(300)
      if (scene.session.phase === 'signed-in') scene.session = { ...scene.session, recoverySaved: true }
      emit('session', scene.session)
    },
    recoverAccount: async ({ phrase }) => {
      await pause(900)
      if (phrase !== WORDS.join(' ')) throw new ScriptedError('AUTH_RECOVERY_WRONG', 'wrong')
      enter({ recoverySaved: true })
    },
    writeSetting: async ({ name, value }) => {
      scene.settings = { ...scene.settings, [name]: value }
      emit('settings', scene.settings)
    },
    findAccount: async ({ handle }) => {
      await pause(400)
      if (handle === scene.me.handle) return scene.me
      if (handle !== 'grace') throw new ScriptedError('ACCOUNT_NOT_FOUND', 'nobody')
      const grace = { accountId: 'f'.repeat(32) as AccountId, handle, displayName: 'Grace Hopper' }
      scene.people.set(grace.accountId, grace)
      return grace
    },
    openDirectChat: async ({ accountId }) => {
      const id = `direct-${accountId}` as ChatId
      if (!scene.chats.some(chat => chat.id === id)) {
        scene.chats.push({
          id,
          kind: 'direct',
          peer: { ...accountOf(accountId), gone: false, blocked: false },
          standing: 'new',
          unread: 0,
          last: null,
          activity: Date.now(),
          draft: '',
          typing: [],
          warning: null,
          doubt: null,
        })
        emitChats()
      }
      return id
    },
    sendText: async ({ chatId, text }, id) => {
      const line = { own: true, text, at: Date.now(), delivery: 'queued' } as const
      const row = { ...textRow(scene.me.accountId, line, null), ...(id && { messageId: id as MessageId }) }
      append(chatId, row)
      void deliver(chatId, row.messageId)
      return row.messageId
    },
    retryMessage: async ({ chatId, messageId }) => {
      changeRow(chatId, messageId, { delivery: 'queued', failure: null })
      void deliver(chatId, messageId)
    },
    discardMessage: async ({ chatId, messageId }) => {
      scene.rows.set(
        chatId,
        rowsOf(chatId).filter(row => row.messageId !== messageId),
      )
      emitTimeline(chatId)
    },
    answerRequest: async ({ chatId, answer }) => {
      await pause(300)
      if (answer === 'accept') change(chatId, { standing: 'accepted' })
      else {
        scene.chats = scene.chats.filter(chat => chat.id !== chatId)
        emitChats()
      }
    },
    setBlocked: async ({ accountId, blocked }) => {
      await pause(300)
      scene.chats = scene.chats.map(chat =>
        chat.kind === 'direct' && chat.peer.accountId === accountId
          ? { ...chat, standing: blocked ? 'blocked' : 'accepted', peer: { ...chat.peer, blocked } }
          : chat,
      )
      emitChats()
    },
    markRead: async ({ chatId, seq }) => {
      const unread = rowsOf(chatId).filter(row => !row.own && (row.seq ?? 0) > seq).length
      const before = scene.chats.find(chat => chat.id === chatId)?.unread ?? 0
      if (Math.min(unread, before) !== before) change(chatId, { unread: Math.min(unread, before) })
    },
    dismissDoubt: async ({ chatId }) => change(chatId, { doubt: null }),
    setDraft: async ({ chatId, text }) => change(chatId, { draft: text }),
    setTyping: async () => {},
    openTimeline: async ({ chatId, at }) => {
      const rows = rowsOf(chatId)
      const unread = scene.chats.find(chat => chat.id === chatId)?.unread ?? 0
      const first = at === 'unread' && unread > 0 ? rows.at(-unread) : undefined
      const firstIndex = first === undefined ? rows.length : rows.length - unread
      const to = Math.min(rows.length, Math.max(firstIndex + OPENED / 2, OPENED))
      const before = open.get(chatId)
      open.set(chatId, {
        from: Math.max(0, Math.min(firstIndex, to) - OPENED),
        to: first === undefined ? rows.length : to,
        firstUnread: before?.firstUnread ?? first?.messageId ?? null,
        unreadAtOpen: before?.unreadAtOpen ?? unread,
      })
      await pause(scene.slow)
      emitTimeline(chatId)
      return windowOf(chatId)
    },
    extendTimeline: async ({ chatId, direction, count }) => {
      await pause(scene.archiveMs)
      const place = open.get(chatId)
      if (place !== undefined) {
        if (direction === 'older') {
          place.from = Math.max(0, place.from - count)
          place.to = Math.min(place.to, place.from + LONGEST)
        } else {
          place.to = Math.min(rowsOf(chatId).length, place.to + count)
          place.from = Math.max(place.from, place.to - LONGEST)
        }
      }
      emitTimeline(chatId)
      return windowOf(chatId)
    },
    closeTimeline: async ({ chatId }) => {
      open.delete(chatId)
    },
    readSafetyNumber: async ({ accountId }) => ({
      digits: '482910573618204957361029384756102938475610293847561029384756',
      basis: verified.has(accountId) ? 'verified' : 'first-use',
      ...(accepted.has(accountId) ? { changedAt: Date.now() } : {}),
    }),
    unverifyContact: async ({ accountId }) => {
      await pause(300)
      verified.delete(accountId)
    },
    verifyContact: async ({ accountId }) => {
      await pause(300)
      verified.add(accountId)
    },
    acceptIdentity: async ({ accountId }) => {
      await pause(400)
      accepted.add(accountId)
      scene.chats = scene.chats.map(chat => {
        const suspect = chat.kind === 'group' ? chat.suspect?.accountId : chat.peer.accountId
        if (suspect !== accountId) return chat
        return chat.kind === 'group' ? { ...chat, warning: null, suspect: null } : { ...chat, warning: null }
      })
      emitChats()
    },
    ...scriptGroups({ scene, append, emitChats, rowsOf }),
  }

  // For looking at arrivals: `entangleReceive('text')` in the console writes to the first open chat.
  Object.assign(globalThis, {
    entangleReceive: (text: string) => {
      const [chatId] = open.keys()
      const chat = scene.chats.find(entry => entry.id === chatId)
      if (chatId === undefined || chat === undefined) return
      const other =
        chat.kind === 'direct' ? chat.peer : scene.members.get(chatId)?.find(one => !one.self)?.account
      const sender = other?.accountId ?? STRANGER.accountId
      append(chatId, textRow(sender, { text, at: Date.now() }, rowsOf(chatId).length + 1))
    },
    entangleConnection: (connection: Scene['connection']) => {
      scene.connection = connection
      emit('connection', connection)
    },
  })

  return {
    request: <Name extends EngineRequestName>(
      name: Name,
      input: Parameters<EngineRequests[Name]>[0],
      id?: string,
    ) =>
      (handlers[name] as (input: unknown, id?: string) => unknown)(structuredClone(input), id) as ReturnType<
        EngineRequests[Name]
      >,
    on: (name, listener) => {
      const set = listeners.get(name) ?? new Set()
      set.add(listener)
      listeners.set(name, set)
      setTimeout(
        () => {
          if (name === 'session') emit('session', scene.session)
          if (name === 'settings') emit('settings', scene.settings)
          if (name === 'quota') emit('quota', scene.quota)
          if (name === 'connection') emit('connection', scene.connection)
          if (name === 'chats' && scene.session.phase === 'signed-in') emitChats()
        },
        name === 'chats' ? scene.slow : 0,
      )
      return () => set.delete(listener)
    },
    close: () => {},
  }
}
