import type { ArchiveKeys } from '@entangle/crypto'
import type { AccountId, DeviceId } from '@entangle/protocol'
import type { ChatBook } from '../chats/chat-book.ts'
import type { Clock } from '../ports/clock.ts'
import type { Diagnostics } from '../ports/diagnostics.ts'
import type { Ledger } from '../store/ledger.ts'
import type { SealedStore } from '../store/sealed-store.ts'
import type { Sender } from '../sync/link.ts'
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
  /** Public account key when this device enrolled, 1984 bytes. It may have been followed by another since. */
  readonly accountKey: Uint8Array
}

/** What is there before the account's archive and state are; these are made of it. */
export type AccountRoom = {
  readonly self: Self
  readonly clock: Clock
  readonly timing: Timing
  readonly diagnostics: Diagnostics
  readonly calls: SessionCalls
  readonly records: SealedStore
  readonly ledger: Ledger
  readonly chats: ChatBook
  readonly log: MessageLog
  readonly changes: Changes
  readonly sender: Sender
  /** For sealing and opening; see `archive/key-ring.ts`. */
  readonly archiveKeys: () => ArchiveKeys
}
