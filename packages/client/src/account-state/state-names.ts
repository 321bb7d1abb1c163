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
  /** `{ is: 'accepted' }`, `{ is: 'request' }` until there is an answer, or `{ is: 'refused', seq }`: hidden until the other writes after `seq`. */
  standing: (chatId: ChatId) => `standing/${chatId}`,
  deviceName: (deviceId: DeviceId) => `device-name/${deviceId}`,
  setting: (name: string) => `setting/${name}`,
  settings: 'setting/',
  /** Of the settings, the one that is no display setting: the recovery phrase was written down. */
  recoverySaved: 'setting/recovery-saved',
} as const
