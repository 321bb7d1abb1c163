import type { Crypto } from '@entangle/crypto'
import type { AccountSummary, DeviceId } from '@entangle/protocol'
import type { Timing } from '../account/timing.ts'
import type { Clock } from '../ports/clock.ts'
import type { Diagnostics } from '../ports/diagnostics.ts'
import type { NetworkWatch } from '../ports/network-watch.ts'
import type { PasswordProtocol } from '../ports/password-protocol.ts'
import type { Transport } from '../ports/transport.ts'
import type { SealedStore } from '../store/sealed-store.ts'
import type { Call } from '../wire/api-client.ts'

/** What there is before anybody is signed in. */
export type DeviceContext = {
  readonly crypto: Crypto
  readonly clock: Clock
  readonly timing: Timing
  readonly diagnostics: Diagnostics
  readonly network: NetworkWatch
  readonly transport: Transport
  readonly passwords: PasswordProtocol
  readonly call: Call
  /** The whole store; accounts lie under prefixes of it. */
  readonly root: SealedStore
  readonly accountStore: (prefix: string) => SealedStore
}

/** An account whose device keys lie on this device. */
export type AccountRecord = {
  readonly account: AccountSummary
  readonly deviceId: DeviceId
  readonly signatureKey: Uint8Array
  readonly credential: Uint8Array
  readonly accountKey: Uint8Array
  /**
   * What a version that knew one archive key has put here, 32 bytes. Secret. Later ones keep all of them with what
   * else belongs to the account.
   */
  readonly archiveKey: Uint8Array | null
  /** `enrolling`: the keys were stored, the server has not answered; it may or may not know the device. */
  readonly phase: 'enrolling' | 'active' | 'signed-out'
}
