export * from './errors.ts'
export * from './identity/account-key.ts'
export * from './identity/archive-key-statement.ts'
export {
  createDeviceCertificate,
  type DeviceCertificate,
  type DeviceCertificateFields,
  parseDeviceCertificate,
  renewDeviceCertificate,
  verifyDeviceCertificate,
} from './identity/certificate.ts'
export * from './identity/credential.ts'
export * from './identity/device-list.ts'
export * from './identity/succession.ts'
export * from './load.ts'
export * from './load-verifier.ts'
export type * from './mls/device-state.ts'
export { signerOfGroupInfo } from './mls/group-info.ts'
export type * from './mls/public-group.ts'
export type * from './mls/types.ts'
export * from './padding/padding.ts'
export * from './safety-number/safety-number.ts'
export * from './sealing/sealer.ts'
export {
  type ArchiveKey,
  type ArchiveKeys,
  addArchiveKey,
  createArchiveKeys,
  holdsArchiveKeys,
  MAX_ARCHIVE_KEYS,
  newestArchiveKey,
} from './vault/archive-keys.ts'
export * from './vault/recovery-key.ts'
export * from './vault/recovery-phrase.ts'
export * from './vault/vault.ts'
