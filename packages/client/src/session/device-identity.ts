import {
  type AccountSecretKey,
  type Crypto,
  createDeviceCertificate,
  createDeviceList,
  type DeviceListEntry,
  encodeCredential,
  nextDeviceList,
  randomBytes,
  type VerifiedDeviceList,
} from '@entangle/crypto'
import {
  type AccountSummary,
  type DeviceId,
  idToBytes,
  type PublicIdentity,
  readId,
} from '@entangle/protocol'
import type { StoredEntry } from '../ports/key-value-store.ts'
import { accountKeys } from '../store/keys.ts'
import type { AccountRecord } from './device-context.ts'

const DAY_MS = 24 * 3600 * 1000
/** Long, because renewing needs the account key, which a device does not keep. */
const LIFETIME_MS = 5 * 365 * DAY_MS
/** Clocks differ: a certificate made just now must hold for somebody whose clock is behind. */
const BACKDATE_MS = DAY_MS

export type NewDevice = {
  readonly record: AccountRecord
  readonly identity: PublicIdentity
  /** The private parts, as entries of the account's store. */
  readonly entries: readonly StoredEntry[]
}

/** A new device of an account: its MLS key, certificate, and the device list that names it alone. */
export function createDevice(input: {
  readonly crypto: Crypto
  readonly account: AccountSummary
  readonly key: AccountSecretKey
  readonly previous: VerifiedDeviceList | undefined
  readonly nowMs: number
}): NewDevice {
  const { crypto, account, key, previous, nowMs } = input
  const state = crypto.openDeviceState()
  const signatureKey = state.createSignatureKey()
  const entries = state
    .takeChanges()
    .flatMap(({ key: name, value }) => (value === null ? [] : [{ key: accountKeys.mls(name), value }]))
  state.accept()
  state.close()

  const deviceId: DeviceId = readId(randomBytes(16))
  const accountId = idToBytes(account.accountId)
  const fields = {
    accountId,
    deviceId: idToBytes(deviceId),
    signatureKey,
    suite: crypto.suite,
    createdAtMs: nowMs - BACKDATE_MS,
    expiresAtMs: nowMs + LIFETIME_MS,
  }
  const certificate = createDeviceCertificate(crypto, key, fields)
  const entry: DeviceListEntry = { ...fields, certificateHash: certificate.hash }
  const list =
    previous === undefined
      ? createDeviceList(crypto, key, { accountId, handle: account.handle, entries: [entry] })
      : nextDeviceList(crypto, key, previous, { entries: [entry] })
  const credential = encodeCredential({
    accountId,
    deviceId: fields.deviceId,
    certificateHash: certificate.hash,
  })
  return {
    record: { account, deviceId, signatureKey, credential, accountKey: key.publicKey, phase: 'enrolling' },
    identity: { accountKey: key.publicKey, deviceList: list.bytes, certificates: [certificate.bytes] },
    entries,
  }
}
