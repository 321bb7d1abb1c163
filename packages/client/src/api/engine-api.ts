import type { AccountId, AccountSummary, DeviceId, InviteId, MessageId, Role } from '@entangle/protocol'

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

type ChatSummaryBase = {
  readonly id: ChatId
  /**
   * `request`: a stranger wrote, or took one into a group, and waits for an answer. `new`: nothing was written yet.
   * Only a direct chat can be blocked.
   */
  readonly standing: 'new' | 'request' | 'accepted' | 'blocked'
  readonly unread: number
  readonly last: {
    /** Empty where there is no text to show. */
    readonly text: string
    readonly notice: Notice | null
    readonly own: boolean
    /** Who wrote it, as the others know them. */
    readonly sender: AccountSummary | null
    readonly time: number
    readonly delivery: DeliveryState | null
  } | null
  /** Sorts the list, newest first: milliseconds since 1970. */
  readonly activity: number
  readonly draft: string
  /** Who is writing at the moment. */
  readonly typing: readonly AccountSummary[]
  /** Set while sending is stopped because an identity changed in a way that does not verify. */
  readonly warning: 'identity-changed' | null
  /**
   * Set once what the server tells of this chat has contradicted itself, or what others in it were told: something may
   * be missing or stand in another order. Nobody reads more because of it, so sending goes on.
   */
  readonly doubt: 'record-contradicted' | null
}

export type DirectSummary = ChatSummaryBase & {
  readonly kind: 'direct'
  readonly peer: AccountSummary & { readonly gone: boolean; readonly blocked: boolean }
}

export type GroupSummary = ChatSummaryBase & {
  readonly kind: 'group'
  readonly group: {
    readonly name: string
    readonly topic: string
    /** JPEG, PNG or WebP bytes of a small square, or null. */
    readonly picture: Uint8Array | null
    /** Accounts, this one included. */
    readonly memberCount: number
    readonly role: Role
    /**
     * `joining`: this device is on its way in. `checking`: in, and the identities of the members are still being
     * checked; sending waits. `repairing`: the group is being mended. `left`, `removed`: what was said stays readable.
     */
    readonly phase: 'creating' | 'joining' | 'checking' | 'active' | 'repairing' | 'left' | 'removed'
    /** Rises whenever members, roles or links may have changed. */
    readonly revision: number
  }
  /** Who took this account into the group; null for the founder and where it is not known. */
  readonly addedBy: AccountSummary | null
  /** Whose identity changed, while `warning` says so. */
  readonly suspect: AccountSummary | null
}

export type ChatSummary = DirectSummary | GroupSummary

/** Something that happened in a chat, told in its timeline. The row's sender is who did it. */
export type Notice =
  | { readonly kind: 'group-created' }
  | { readonly kind: 'added'; readonly people: readonly AccountId[] }
  | { readonly kind: 'removed'; readonly people: readonly AccountId[] }
  | { readonly kind: 'left' }
  | { readonly kind: 'joined-by-link' }
  | { readonly kind: 'renamed'; readonly name: string }
  | { readonly kind: 'topic-changed'; readonly topic: string }
  | { readonly kind: 'picture-changed'; readonly removed: boolean }
  | { readonly kind: 'role-changed'; readonly person: AccountId; readonly role: Role }
  | { readonly kind: 'links-changed'; readonly open: number }
  /** This device had to come in anew; what was said meanwhile may be missing here. */
  | { readonly kind: 'repaired' }
  /** The person's account key is another one. `signed` by the one before; else it was accepted here. */
  | { readonly kind: 'identity-changed'; readonly person: AccountId; readonly signed: boolean }

export type GroupMember = {
  readonly account: AccountSummary
  readonly role: Role
  readonly self: boolean
  /** How their identity came to be trusted; null while it is not checked yet. */
  readonly basis: 'first-use' | 'verified' | null
}

export type GroupInvite = {
  readonly inviteId: InviteId
  /** The whole address. Whoever has it can come in, until it is revoked. */
  readonly link: string
}

export type InvitePreview = {
  readonly name: string
  readonly topic: string
  readonly picture: Uint8Array | null
  readonly memberCount: number
  /** Whom the link names, when their account key fits the link. */
  readonly invitedBy: AccountSummary | null
  /** The chat, where this account is a member already. */
  readonly chatId: ChatId | null
}

export type TimelineContent =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'notice'; readonly notice: Notice }
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
  /** From where that was, as the server says; of devices that are signed in. */
  readonly lastAddress: string | null
  /** Such as 'Firefox on Linux'. */
  readonly lastClient: string | null
  /** Not used for 90 days: whichever device is removed next, this one goes with it. */
  readonly idle: boolean
  /** This very device. */
  readonly current: boolean
}

/** A contiguous piece of one chat's timeline, oldest first. Pushed whole whenever it changes. */
export type TimelineWindow = {
  readonly chatId: ChatId
  readonly rows: readonly TimelineRow[]
  /** Everybody whom the rows name. */
  readonly people: readonly AccountSummary[]
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
  /** Of what the server has no room for any more. */
  quota: QuotaState
  /** Display settings, the same on all devices of the account. Empty while nobody is signed in. */
  settings: AccountSettings
}

/**
 * True where the server keeps no more for this account. What finds no room stays on this device and is tried again:
 * history that a new device would find, and settings, drafts and read marks that other devices would learn.
 */
export type QuotaState = { readonly historyFull: boolean; readonly settingsFull: boolean }

export type SettingValue = string | number | boolean | null
export type AccountSettings = Readonly<Record<string, SettingValue>>

/**
 * Requests; every one resolves when its effect is durable on this device (not when the server has answered). Those
 * that change who is in a group or what they may do resolve when the group has accepted it.
 */
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
  /**
   * The last way back, with a code of whoever runs the server: the same name with a new identity. Nothing of before
   * comes back; all other devices are signed out, and contacts are warned until they accept.
   */
  resetAccount: (input: { handle: string; code: string; newPassword: string }) => Promise<void>
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
   * Puts another device of this account out, and all idle ones with it: it is signed out at once and reads nothing new.
   * Needs the password, because the list of devices is signed with the account key. Sign out to remove this device.
   * `stolen`: the account key is replaced too. The safety numbers with everybody change, and they are told.
   */
  removeDevice: (input: { deviceId: DeviceId; password: string; stolen?: boolean }) => Promise<void>
  findAccount: (input: { handle: string }) => Promise<AccountSummary>
  /** The chat with this person, made if there is none yet (nothing is sent). */
  openDirectChat: (input: { accountId: AccountId }) => Promise<ChatId>
  /** A group of this account and these. It is usable at once; the others learn of it when the server has it. */
  createGroup: (input: { name: string; accountIds: readonly AccountId[] }) => Promise<ChatId>
  /** Answers with those who could not be added: gone, or without a key package. */
  addMembers: (input: {
    chatId: ChatId
    accountIds: readonly AccountId[]
  }) => Promise<{ missing: readonly AccountId[] }>
  removeMember: (input: { chatId: ChatId; accountId: AccountId }) => Promise<void>
  leaveGroup: (input: { chatId: ChatId }) => Promise<void>
  setRole: (input: { chatId: ChatId; accountId: AccountId; role: Role }) => Promise<void>
  /** What is not named stays; null takes the picture away. Sent like a message. */
  editGroup: (input: {
    chatId: ChatId
    name?: string
    topic?: string
    picture?: Uint8Array | null
  }) => Promise<void>
  /** Owners first, then admins, then by name. */
  listMembers: (input: { chatId: ChatId }) => Promise<readonly GroupMember[]>
  listInvites: (input: { chatId: ChatId }) => Promise<readonly GroupInvite[]>
  createInvite: (input: { chatId: ChatId }) => Promise<GroupInvite>
  revokeInvite: (input: { chatId: ChatId; inviteId: InviteId }) => Promise<void>
  /** `link`: the address, or its part behind the `#`. */
  readInvite: (input: { link: string }) => Promise<InvitePreview>
  joinByInvite: (input: { link: string }) => Promise<ChatId>
  /** Takes a group that was left, or that put this account out, from the list, with its history on this device. */
  forgetGroup: (input: { chatId: ChatId }) => Promise<void>
  sendText: (input: { chatId: ChatId; text: string }) => Promise<MessageId>
  retryMessage: (input: { chatId: ChatId; messageId: MessageId }) => Promise<void>
  /** Removes a message that was never accepted by the server. */
  discardMessage: (input: { chatId: ChatId; messageId: MessageId }) => Promise<void>
  answerRequest: (input: { chatId: ChatId; answer: 'accept' | 'refuse' | 'block' }) => Promise<void>
  setBlocked: (input: { accountId: AccountId; blocked: boolean }) => Promise<void>
  /** The person has seen everything up to and including `seq`. */
  markRead: (input: { chatId: ChatId; seq: number }) => Promise<void>
  /** The person has read what `doubt` says of the chat; the next contradiction sets it again. */
  dismissDoubt: (input: { chatId: ChatId }) => Promise<void>
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
  readSafetyNumber: (input: { accountId: AccountId }) => Promise<{
    digits: string
    basis: 'first-use' | 'verified'
    /** When the person's identity became another one, milliseconds since 1970; missing where it never did. */
    changedAt?: number
  }>
  /** The person has compared this very number with the other's. All devices of the account know it then. */
  verifyContact: (input: { accountId: AccountId; digits: string }) => Promise<void>
  unverifyContact: (input: { accountId: AccountId }) => Promise<void>
  /**
   * Goes on with the identity that the server names now, trusted as at a first contact: ends the warning
   * 'identity-changed'. An identity that was given up before is not accepted.
   */
  acceptIdentity: (input: { accountId: AccountId }) => Promise<void>
}

export type EngineRequestName = keyof EngineRequests

/** What an interface holds: the engine itself, or a proxy to it through a worker and other tabs. */
export type EngineConnection = {
  /** `id`: random where none is given; that of `sendText` becomes the message's. */
  readonly request: <Name extends EngineRequestName>(
    name: Name,
    input: Parameters<EngineRequests[Name]>[0],
    id?: string,
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
