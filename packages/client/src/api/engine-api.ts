import type { AccountId, AccountSummary, DeviceId, MessageId } from '@entangle/protocol'

/**
 * What an interface may ask of the engine and what it is told. Everything here is plain data that
 * survives structured cloning, because the engine lives in a worker, possibly of another tab.
 */

declare const chatBrand: unique symbol
/**
 * A conversation as a person sees it. It stays the same when the group behind it changes (both wrote
 * first at the same moment, or a successor group): `direct-<account id>` or `group-<conversation id>`.
 */
export type ChatId = string & { readonly [chatBrand]: true }

/** Where the engine stands with the account. */
export type SessionState =
  | { readonly phase: 'starting' }
  /** `remembered`: an account whose data was kept on this device at sign-out. */
  | {
      readonly phase: 'signed-out'
      readonly remembered: AccountSummary | null
      readonly reason: SignOutReason | null
    }
  | {
      readonly phase: 'signed-in'
      readonly account: AccountSummary
      readonly deviceId: DeviceId
      /** The person has said that the recovery phrase is written down. True also while it is not known yet. */
      readonly recoverySaved: boolean
    }

/** `device-removed`: another device of the account has put this one out; what is stored here stays sealed. */
export type SignOutReason = 'requested' | 'session-ended' | 'account-deleted' | 'device-removed'

export type ConnectionState =
  | { readonly phase: 'online' }
  /** `since`: when the connection was lost, milliseconds since 1970. */
  | { readonly phase: 'connecting'; readonly since: number }
  | { readonly phase: 'offline'; readonly since: number }

export type DeliveryState = 'queued' | 'sent' | 'delivered' | 'read' | 'failed'

export type ChatSummary = {
  readonly id: ChatId
  readonly kind: 'direct'
  readonly peer: AccountSummary & { readonly gone: boolean; readonly blocked: boolean }
  /** `request`: a stranger wrote first and waits for an answer. `new`: nothing was written yet. */
  readonly standing: 'new' | 'request' | 'accepted' | 'blocked'
  readonly unread: number
  readonly last: {
    readonly text: string
    readonly own: boolean
    readonly time: number
    readonly delivery: DeliveryState | null
  } | null
  /** Sorts the list, newest first: milliseconds since 1970. */
  readonly activity: number
  readonly draft: string
  readonly typing: boolean
  /** Set while sending is stopped because the other's identity changed in a way that does not verify. */
  readonly warning: 'identity-changed' | null
}

export type TimelineContent =
  | { readonly kind: 'text'; readonly text: string }
  /** Made by a newer version of the application; kept and shown once this one is updated. */
  | { readonly kind: 'unsupported' }
  /** Not readable yet; the engine is working on it. Never an end state by itself. */
  | { readonly kind: 'pending'; readonly state: 'waiting' | 'repairing' | 'lost' }

export type TimelineRow = {
  readonly messageId: MessageId
  /** Place in the conversation; null while it is only in the outbox. */
  readonly seq: number | null
  readonly sender: AccountId
  readonly own: boolean
  /** The server's time once known, else this device's clock; milliseconds since 1970. */
  readonly time: number
  readonly content: TimelineContent
  /** Own messages only. */
  readonly delivery: DeliveryState | null
  /** Why it failed, in words for a person, and whether a retry can help. */
  readonly failure: { readonly code: string; readonly message: string; readonly canRetry: boolean } | null
}

/** A device of the account signed in here. */
export type DeviceSummary = {
  readonly deviceId: DeviceId
  /** 'Device' until somebody has named it. */
  readonly name: string
  /** Milliseconds since 1970, by the server's clock. */
  readonly enrolledAt: number
  readonly lastSeenAt: number
  /** This very device. */
  readonly current: boolean
}

/** A contiguous piece of one chat's timeline, oldest first. Pushed whole whenever it changes. */
export type TimelineWindow = {
  readonly chatId: ChatId
  readonly rows: readonly TimelineRow[]
  readonly hasOlder: boolean
  readonly hasNewer: boolean
  /** First unread message as it was when the window was opened; fixed until the window is closed. */
  readonly firstUnread: MessageId | null
  readonly unreadAtOpen: number
}

/** An error for the person in front of the screen: a stable code, and what to do. */
export type EngineErrorData = {
  readonly code: string
  readonly message: string
  readonly retry: 'never' | 'later' | 'after-change'
}

export type EngineEvents = {
  session: SessionState
  connection: ConnectionState
  /** All chats, newest first. Sent whole: a list of thousands is still small. */
  chats: readonly ChatSummary[]
  timeline: TimelineWindow
  /** Display settings, the same on all devices of the account. Empty while nobody is signed in. */
  settings: AccountSettings
}

export type SettingValue = string | number | boolean | null
export type AccountSettings = Readonly<Record<string, SettingValue>>

/** Requests; every one resolves when its effect is durable on this device (not when the server has answered). */
export type EngineRequests = {
  signUp: (input: { handle: string; displayName: string; password: string }) => Promise<void>
  signIn: (input: { handle: string; password: string }) => Promise<void>
  /** `erase`: delete everything of this account on this device and give its place up. */
  signOut: (input: { erase: boolean }) => Promise<void>
  changePassword: (input: { current: string; next: string }) => Promise<void>
  deleteAccount: (input: { password: string }) => Promise<void>
  updateProfile: (input: { displayName: string }) => Promise<void>
  /**
   * Signs in on this device by the twelve words alone and sets a new password; the words stay the same.
   * Numbers, commas and capitals in `phrase` are for the caller to clear away; case and spacing do not matter.
   */
  recoverAccount: (input: { handle: string; phrase: string; newPassword: string }) => Promise<void>
  /** The twelve words, after proof of the password. Not kept anywhere on this device. */
  readRecoveryPhrase: (input: { password: string }) => Promise<{ words: readonly string[] }>
  /** The person has written the words down: no device reminds any more. */
  confirmRecoveryPhrase: (input: Record<string, never>) => Promise<void>
  /** `name`: small letters, digits and dashes. Null takes the setting back. */
  writeSetting: (input: { name: string; value: SettingValue }) => Promise<void>
  /** The active devices of this account, this one first. Asks the server. */
  listDevices: (input: Record<string, never>) => Promise<readonly DeviceSummary[]>
  renameDevice: (input: { deviceId: DeviceId; name: string }) => Promise<void>
  /**
   * Puts another device of this account out: it is signed out at once and reads nothing new. Needs the
   * password, because the list of devices is signed with the account key. Sign out to remove this device.
   */
  removeDevice: (input: { deviceId: DeviceId; password: string }) => Promise<void>
  findAccount: (input: { handle: string }) => Promise<AccountSummary>
  /** The chat with this person, made if there is none yet (nothing is sent). */
  openDirectChat: (input: { accountId: AccountId }) => Promise<ChatId>
  sendText: (input: { chatId: ChatId; text: string }) => Promise<MessageId>
  retryMessage: (input: { chatId: ChatId; messageId: MessageId }) => Promise<void>
  /** Removes a message that was never accepted by the server. */
  discardMessage: (input: { chatId: ChatId; messageId: MessageId }) => Promise<void>
  answerRequest: (input: { chatId: ChatId; answer: 'accept' | 'refuse' | 'block' }) => Promise<void>
  setBlocked: (input: { accountId: AccountId; blocked: boolean }) => Promise<void>
  /** The person has seen everything up to and including `seq`. */
  markRead: (input: { chatId: ChatId; seq: number }) => Promise<void>
  setDraft: (input: { chatId: ChatId; text: string }) => Promise<void>
  setTyping: (input: { chatId: ChatId; active: boolean }) => Promise<void>
  /** Opens (or moves) this subscriber's window; the `timeline` event follows and goes on following. */
  openTimeline: (input: { chatId: ChatId; at: 'unread' | 'latest' }) => Promise<TimelineWindow>
  /** Grows the window by about `count` rows; far rows at the other end are let go past 360. */
  extendTimeline: (input: {
    chatId: ChatId
    direction: 'older' | 'newer'
    count: number
  }) => Promise<TimelineWindow>
  closeTimeline: (input: { chatId: ChatId }) => Promise<void>
  /** For the account and help screens. */
  readSafetyNumber: (input: {
    accountId: AccountId
  }) => Promise<{ digits: string; basis: 'first-use' | 'verified' }>
}

export type EngineRequestName = keyof EngineRequests

/** What an interface holds: the engine itself, or a proxy to it through a worker and other tabs. */
export type EngineConnection = {
  readonly request: <Name extends EngineRequestName>(
    name: Name,
    input: Parameters<EngineRequests[Name]>[0],
  ) => ReturnType<EngineRequests[Name]>
  /** The listener is called at once with the present state where there is one. Returns the unsubscriber. */
  readonly on: <Name extends keyof EngineEvents>(
    name: Name,
    listener: (value: EngineEvents[Name]) => void,
  ) => () => void
  readonly close: () => void
}

/** A request that failed; `code` is from the protocol's catalogue or one of the engine's own (`ENGINE_…`). */
export class EngineError extends Error {
  override readonly name = 'EngineError'
  readonly code: string
  readonly retry: EngineErrorData['retry']

  constructor(data: EngineErrorData) {
    super(data.message)
    this.code = data.code
    this.retry = data.retry
  }
}
