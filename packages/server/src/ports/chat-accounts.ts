import type { AccountId, DeviceId } from '@entangle/protocol'
import type { SessionId } from './session-verifier.ts'

/** What auth tells chat. Each call may be repeated. */
export type ChatAccounts = {
  /** Ends delivery to the account and tells those it talked to. */
  accountDeleted(accountId: AccountId): Promise<void>
  /** Deletes what the account has kept here: a new identity could not open it. */
  accountReset(accountId: AccountId): Promise<void>
  sessionsEnded(sessionIds: readonly SessionId[]): void
  deviceRevoked(deviceId: DeviceId): Promise<void>
}
