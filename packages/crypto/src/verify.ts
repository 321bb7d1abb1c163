export { CRYPTO_ERRORS, CryptoError, type CryptoErrorCode, isCryptoErrorCode } from './errors.ts'
export { ACCOUNT_PUBLIC_KEY_BYTES, ACCOUNT_SIGNATURE_BYTES } from './identity/account-key.ts'
export {
  type DeviceCertificate,
  type DeviceCertificateFields,
  parseDeviceCertificate,
  verifyDeviceCertificate,
} from './identity/certificate.ts'
export {
  assertSameDevice,
  checkLeaf,
  type DeviceCredential,
  parseCredential,
  sameDevice,
} from './identity/credential.ts'
export {
  type DeviceList,
  type DeviceListEntry,
  parseDeviceList,
  type VerifiedDeviceList,
  verifyDeviceList,
  verifyDeviceListChain,
} from './identity/device-list.ts'
export {
  type AccountKeys,
  type Succession,
  verifySuccession,
  verifySuccessions,
} from './identity/succession.ts'
export { loadVerifier, type SignatureVerifier, type Verifier, type WasmSource } from './load-verifier.ts'
export type { PublicCommit, PublicGroup, PublicGroupSource, PublicProcessed } from './mls/public-group.ts'
export type {
  CommitSummary,
  KeyPackageInfo,
  LeafUpdate,
  MemberLeaf,
  MessageFailure,
  MessageHeader,
  SelfRemoveMessage,
  StateChange,
  StateEntry,
} from './mls/types.ts'
