import {
  type AccountSecretKey,
  type ArchiveKeys,
  type Crypto,
  createDeviceCertificate,
  createDeviceList,
  type DeviceListEntry,
  encodeCredential,
  nextDeviceList,
  parseDeviceCertificate,
  randomBytes,
  type VerifiedDeviceList,
} from '@entangle/crypto'
import {
  type AccountId,
  type AccountSummary,
  type DeviceId,
  idToBytes,
  type PublicIdentity,
  readId,
} from '@entangle/protocol'
import { equalBytes } from '../bytes.ts'
import type { ContactRecord } from '../identity/contact-book.ts'
import type { StoredEntry } from '../ports/key-value-store.ts'
import { accountKeys } from '../store/keys.ts'
import { record } from '../store/sealed-store.ts'
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

/** The identity as it is before a device joins it or leaves it. */
export type PreviousIdentity = {
  readonly list: VerifiedDeviceList
  readonly certificates: readonly Uint8Array[]
  readonly successions: readonly Uint8Array[]
}

/** Without the field where there is nothing to say, as servers of earlier versions know it. */
export const successionsField = (successions: readonly Uint8Array[]): Pick<PublicIdentity, 'successions'> =>
  successions.length === 0 ? {} : { successions: [...successions] }

/** The certificates of the devices that a list names, in any order; what belongs to no device is left out. */
export function certificatesOf(
  entries: readonly DeviceListEntry[],
  certificates: readonly Uint8Array[],
): Uint8Array[] {
  return certificates.filter(bytes => {
    const { hash } = parseDeviceCertificate(bytes)
    return entries.some(entry => equalBytes(entry.certificateHash, hash))
  })
}

/** What a device keeps of its own account's identity: the pin against which every later list is compared. */
export const ownContact = (
  accountId: AccountId,
  { accountKey, deviceList, certificates, successions = [] }: PublicIdentity,
  nowMs: number,
): ContactRecord => ({
  accountId,
  accountKey,
  deviceList,
  certificates: [...certificates],
  successions,
  pinnedAt: nowMs,
})

/** A new device of an account: its MLS key, its certificate, and the next device list, which names it too. */
export function createDevice(input: {
  readonly crypto: Crypto
  readonly account: AccountSummary
  readonly key: AccountSecretKey
  readonly archiveKeys: ArchiveKeys
  readonly previous: PreviousIdentity | undefined
  readonly nowMs: number
}): NewDevice {
  const { crypto, account, key, archiveKeys, previous, nowMs } = input
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
      : nextDeviceList(crypto, key, previous.list, { entries: [...previous.list.entries, entry] })
  const credential = encodeCredential({
    accountId,
    deviceId: fields.deviceId,
    certificateHash: certificate.hash,
  })
  const identity: PublicIdentity = {
    accountKey: key.publicKey,
    ...successionsField(previous?.successions ?? []),
    deviceList: list.bytes,
    certificates: [...certificatesOf(list.entries, previous?.certificates ?? []), certificate.bytes],
  }
  const pin = record(accountKeys.contact(account.accountId), ownContact(account.accountId, identity, nowMs))
  return {
    record: {
      account,
      deviceId,
      signatureKey,
      credential,
      accountKey: key.publicKey,
      archiveKey: null,
      phase: 'enrolling',
    },
    identity,
    entries: [...entries, pin, record(accountKeys.archiveKeys, archiveKeys)],
  }
}
