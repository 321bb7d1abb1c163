import type { AccountId, ConversationId } from '@entangle/protocol'
import type { ChatId } from '../api/engine-api.ts'

/**
 * Where things lie. Under `d/` what belongs to the device, under `a/<account>/` what belongs to an account.
 * Keys hold identifiers and numbers only, never names or text.
 */
const DIGITS = 15

/** Numbers sort as text only with leading zeros. */
export const ordinal = (value: number): string => String(value).padStart(DIGITS, '0')

export const deviceKeys = {
  account: (accountId: AccountId) => `d/account/${accountId}`,
  accounts: 'd/account/',
  current: 'd/current',
} as const

export const accountPrefix = (accountId: AccountId): string => `a/${accountId}/`

export const accountKeys = {
  counter: 'counter',
  packages: 'packages',
  mls: (key: string) => `mls/${key}`,
  mlsPrefix: 'mls/',
  chat: (chatId: ChatId) => `chat/${chatId}`,
  chats: 'chat/',
  /** Of a group, what changes seldom. */
  group: (chatId: ChatId) => `group/${chatId}`,
  /** A commit that waits for the server's word. */
  pendingCommit: (chatId: ChatId) => `commit/${chatId}`,
  founding: (chatId: ChatId) => `founding/${chatId}`,
  contact: (accountId: AccountId) => `contact/${accountId}`,
  contacts: 'contact/',
  person: (accountId: AccountId) => `person/${accountId}`,
  people: 'person/',
  outbox: (chatId: ChatId, place: number) => `outbox/${chatId}/${ordinal(place)}`,
  outboxes: 'outbox/',
  message: (chatId: ChatId, seq: number) => `message/${chatId}/${ordinal(seq)}`,
  messages: (chatId: ChatId) => `message/${chatId}/`,
  segment: (chatId: ChatId, firstSeq: number) => `segment/${chatId}/${ordinal(firstSeq)}`,
  segments: (chatId: ChatId) => `segment/${chatId}/`,
  /** All archive keys. */
  archiveKeys: 'archive-keys',
  archivePending: (conversationId: ConversationId, seq: number) =>
    `archive-pending/${conversationId}/${ordinal(seq)}`,
  archivePendings: 'archive-pending/',
  archiveBackfilled: 'archive-backfilled',
  archiveHoles: (chatId: ChatId) => `archive-holes/${chatId}`,
  archiveHolesOfAll: 'archive-holes/',
  /** `key`: 32 bytes in hexadecimal digits; it says nothing of the entry's name. */
  state: (key: string) => `state/${key}`,
  states: 'state/',
  stateSync: 'state-sync',
  /** New archive keys, under a list that the server may or may not have accepted. */
  rotation: 'rotation',
  /** Devices that have to be told of new archive keys. */
  lettersDue: 'letters-due',
} as const
