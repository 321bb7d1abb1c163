export type { Clock } from './clock.ts'
export type { Diagnostics } from './diagnostics.ts'
export {
  type KeyRange,
  type KeyValueStore,
  prefixRange,
  type ScanOptions,
  type StoredEntry,
  StoreError,
  type StoreErrorCode,
  type WriteBatch,
} from './key-value-store.ts'
export type { KeyVault } from './key-vault.ts'
export type { HeldLock, Lock } from './lock.ts'
export type { NetworkWatch } from './network-watch.ts'
export type { PasswordProtocol } from './password-protocol.ts'
export {
  type HttpAnswer,
  type HttpRequest,
  NetworkError,
  type SocketEvents,
  type SocketHandle,
  type Transport,
} from './transport.ts'
