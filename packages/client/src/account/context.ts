import type { Crypto } from '@entangle/crypto'
import type { AccountId, DeviceId } from '@entangle/protocol'
import type { AccountState } from '../account-state/account-state.ts'
import type { Archive } from '../archive/archive.ts'
import type { ChatBook } from '../chats/chat-book.ts'
import type { ContactBook } from '../identity/contact-book.ts'
import type { OutboxBook } from '../outbox/outbox-book.ts'
import type { SendCounter } from '../outbox/send-counter.ts'
import type { Clock } from '../ports/clock.ts'
import type { Diagnostics } from '../ports/diagnostics.ts'
import type { Ledger } from '../store/ledger.ts'
import type { SealedStore } from '../store/sealed-store.ts'
import type { Sender } from '../sync/link.ts'
import type { Pace } from '../sync/pace.ts'
import type { MessageLog } from '../timeline/message-log.ts'
import type { SessionCalls } from '../wire/session-calls.ts'
import type { Changes } from './changes.ts'
import type { Timing } from './timing.ts'

/** This device and whose it is. */
export type Self = {
  readonly accountId: AccountId
  readonly deviceId: DeviceId
  /** MLS signature key, 32 bytes. */
  readonly signatureKey: Uint8Array
  readonly credential: Uint8Array
  /** Public account key, 1984 bytes. */
  readonly accountKey: Uint8Array
}

/** What the rooms of a signed-in account share. Each takes only the fields that it needs. */
export type AccountContext = {
  readonly self: Self
  readonly crypto: Crypto
  readonly clock: Clock
  readonly timing: Timing
  readonly diagnostics: Diagnostics
  readonly calls: SessionCalls
  readonly records: SealedStore
  readonly ledger: Ledger
  readonly chats: ChatBook
  readonly contacts: ContactBook
  readonly outbox: OutboxBook
  readonly counter: SendCounter
  readonly log: MessageLog
  readonly archive: Archive
  readonly state: AccountState
  readonly changes: Changes
  readonly sender: Sender
  readonly pace: Pace
}
