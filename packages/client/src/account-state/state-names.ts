import type { AccountId, ConversationId, DeviceId } from '@entangle/protocol'
import type { ChatId } from '../api/engine-api.ts'

/** Every kind of entry there is. */
export const stateNames = {
  /** Sequence number up to which the person has read. */
  read: (conversationId: ConversationId) => `read/${conversationId}`,
  /** Text of the composer. */
  draft: (chatId: ChatId) => `draft/${chatId}`,
  /** True while blocked. */
  blocked: (accountId: AccountId) => `blocked/${accountId}`,
  /**
   * `{ is: 'accepted' }`, or `{ is: 'request' }` until there is an answer. Of a chat of two also `{ is: 'refused', seq }`:
   * hidden until the other writes after `seq`. Of a group that is over `{ is: 'forgotten', seq }`: hidden while nothing
   * came after `seq`; it stands there before the group is over where somebody refuses to be in it.
   */
  standing: (chatId: ChatId) => `standing/${chatId}`,
  /** Name, topic, picture and link secrets, for a device that comes in by itself. */
  group: (conversationId: ConversationId) => `group/${conversationId}`,
  /** SHA-256 of the account key that the person has compared, in hexadecimal digits; null when taken back. */
  verified: (accountId: AccountId) => `verified/${accountId}`,
  /**
   * `{ key, at }`: the account key (SHA-256 in hexadecimal digits) that the person went on with when it was another one,
   * and when.
   */
  accepted: (accountId: AccountId) => `accepted/${accountId}`,
  /** By the same names of account keys that took the place of another: `{ at, signed }`. */
  keyChanges: (accountId: AccountId) => `key-changes/${accountId}`,
  deviceName: (deviceId: DeviceId) => `device-name/${deviceId}`,
  setting: (name: string) => `setting/${name}`,
  settings: 'setting/',
  /** Of the settings, the one that is no display setting: the recovery phrase was written down. */
  recoverySaved: 'setting/recovery-saved',
} as const

/** Entries that another device follows without asking its person. */
export const isOfTrust = (name: string): boolean => name.startsWith(stateNames.accepted('' as AccountId))
