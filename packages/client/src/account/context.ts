import type { Crypto } from '@entangle/crypto'
import type { AccountState } from '../account-state/account-state.ts'
import type { Archive } from '../archive/archive.ts'
import type { KeyRing } from '../archive/key-ring.ts'
import type { ContactBook } from '../identity/contact-book.ts'
import type { KeyChanges } from '../identity/key-changes.ts'
import type { OutboxBook } from '../outbox/outbox-book.ts'
import type { SendCounter } from '../outbox/send-counter.ts'
import type { PeopleBook } from '../people/people-book.ts'
import type { Pace } from '../sync/pace.ts'
import type { AccountRoom } from './room.ts'

export type { Self } from './room.ts'

/** What the rooms of a signed-in account share. Each takes only the fields that it needs. */
export type AccountContext = AccountRoom & {
  readonly crypto: Crypto
  /** Where the application is served, without a slash at its end. */
  readonly origin: string
  readonly contacts: ContactBook
  readonly people: PeopleBook
  readonly outbox: OutboxBook
  readonly counter: SendCounter
  readonly archive: Archive
  readonly keyRing: KeyRing
  readonly state: AccountState
  readonly pace: Pace
  readonly keyChanges: KeyChanges
}
