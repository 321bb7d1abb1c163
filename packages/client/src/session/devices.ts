import {
  type AccountSecretKey,
  type ArchiveKeys,
  addArchiveKey,
  CryptoError,
  createArchiveKeyStatement,
  createSuccession,
  firstDeviceListOfKey,
  holdsArchiveKeys,
  MAX_SUCCESSIONS,
  nextDeviceList,
  renewDeviceCertificate,
  rewrapVault,
  type VaultContents,
  verifySuccession,
} from '@entangle/crypto'
import { type DeviceId, idToBytes, ProtocolError, type PublicIdentity } from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import { backoffMs } from '../account/timing.ts'
import type { DeviceSummary } from '../api/engine-api.ts'
import { engineFailure } from '../api/failures.ts'
import { equalBytes } from '../bytes.ts'
import { settleRotation, storeRotation } from '../device-letters/rotation.ts'
import type { Contact } from '../identity/contact-book.ts'
import { adoptIdentity, refreshContact } from '../identity/directory.ts'
import { sleep } from '../ports/clock.ts'
import { openVault } from './account-changes.ts'
import type { AccountRecord, DeviceContext } from './device-context.ts'
import { certificatesOf, successionsField } from './device-identity.ts'
import { entriesWithout, idleAmong } from './idle-devices.ts'

const UNNAMED = 'Device'
/** Another device may change the list at the same moment. */
const ATTEMPTS = 5
/** Whoever removes a device also puts it out of the conversations, at once. */
const AT_ONCE = { min: 0, max: 0 }

/** `stolen`: whoever has the device may have what it held, and with it perhaps the account key. */
export type Removal = {
  readonly deviceId: DeviceId
  readonly password: string
  readonly stolen?: boolean | undefined
}

/** This device first, then the others, the one used last before those used earlier. */
export async function listDevices(
  { calls, self }: AccountContext,
  nameOf: (deviceId: DeviceId) => string | undefined,
): Promise<readonly DeviceSummary[]> {
  const { devices } = await calls.call('listDevices', {})
  const idle = idleAmong(devices)
  return devices
    .map(({ deviceId, enrolledAt, lastSeenAt, lastAddress = null, lastClient = null }) => ({
      deviceId,
      name: nameOf(deviceId) ?? UNNAMED,
      enrolledAt,
      lastSeenAt,
      lastAddress,
      lastClient,
      idle: idle.has(deviceId),
      current: deviceId === self.deviceId,
    }))
    .sort((one, other) => Number(other.current) - Number(one.current) || other.lastSeenAt - one.lastSeenAt)
}

/** The account key of the moment of signing, and how it came about. */
type SigningKey = { readonly key: AccountSecretKey; readonly successions: readonly Uint8Array[] }

/** A thief may have the key that was in use: another one takes its place, and the old one says so. */
function succeed({ crypto, self }: AccountContext, { key: old, successions }: SigningKey): SigningKey {
  const key = crypto.createAccountKey()
  const last = successions.at(-1)
  const number = last === undefined ? 1 : verifySuccession(crypto, last).number + 1
  const accountId = idToBytes(self.accountId)
  const statement = createSuccession(crypto, old, { accountId, number, newKey: key.publicKey })
  return { key, successions: [...successions, statement].slice(-MAX_SUCCESSIONS) }
}

/** The next identity without a device, nor those that have given up their place, run out or lain idle. */
async function identityWithout(
  { calls, clock, crypto, self }: AccountContext,
  { key, successions }: SigningKey,
  { list, record }: Contact,
  removed: DeviceId,
) {
  const { devices } = await calls.call('listDevices', {})
  const entries = entriesWithout(list.entries, devices, {
    self: self.deviceId,
    removed,
    nowMs: clock.now(),
  })
  const isSameKey = equalBytes(key.publicKey, list.accountPublicKey)
  const next = (isSameKey ? nextDeviceList : firstDeviceListOfKey)(crypto, key, list, { entries })
  const certificates = certificatesOf(entries, record.certificates)
  const identity: PublicIdentity = {
    accountKey: key.publicKey,
    ...successionsField(successions),
    deviceList: next.bytes,
    certificates: isSameKey
      ? certificates
      : certificates.map(bytes => renewDeviceCertificate(crypto, key, bytes).bytes),
  }
  return { next, identity }
}

/** What this device knows and what the vault holds, whichever is more: one of them may be a step behind. */
function knownKeys({ keyRing }: AccountContext, inVault: ArchiveKeys): ArchiveKeys {
  const known = keyRing.current() ?? inVault
  if (holdsArchiveKeys(inVault, known)) return inVault
  if (!holdsArchiveKeys(known, inVault)) throw new CryptoError('VAULT_MALFORMED', 'other archive keys')
  return known
}

/**
 * The next list, a new archive key and the vault that holds it. The vault key is fresh too, so that whatever the
 * removed device may have kept of the old vault opens nothing of the new one.
 */
async function removeOnce(
  device: DeviceContext,
  context: AccountContext,
  account: AccountRecord,
  input: Removal,
): Promise<void> {
  const { calls, crypto, self } = context
  const { opened, exportKey, changeGrant } = await openVault(device, calls, account, input.password)
  const contact = await refreshContact(context, self.accountId)
  // An earlier attempt, of which the answer was lost, may have been heard.
  const wasHeard = await settleRotation(context)
  const bytes = idToBytes(input.deviceId)
  if (!contact.list.entries.some(entry => equalBytes(entry.deviceId, bytes))) {
    if (wasHeard) return
    throw engineFailure('ENGINE_DEVICE_UNKNOWN')
  }
  const present = crypto.accountKeyFromSeeds(opened.contents.accountSeeds)
  if (!equalBytes(present.publicKey, contact.record.accountKey)) throw new CryptoError('IDENTITY_OTHER_KEY')
  const known: SigningKey = { key: present, successions: contact.record.successions ?? [] }
  const signing = input.stolen === true ? succeed(context, known) : known
  const { next, identity } = await identityWithout(context, signing, contact, input.deviceId)
  const contents: VaultContents = {
    accountSeeds: signing.key.seeds,
    archiveKeys: addArchiveKey(knownKeys(context, opened.contents.archiveKeys)),
    recoveryEntropy: opened.contents.recoveryEntropy,
  }
  const vault = rewrapVault(opened, { exportKey, contents })
  const statement = createArchiveKeyStatement(crypto, signing.key, next, contents.archiveKeys)
  await storeRotation(context, next, statement)
  await calls.call('replaceDevices', {
    changeGrant,
    identity: { ...identity },
    vault: { sealed: vault.bytes, wraps: [] },
  })
  await adoptIdentity(context, self.accountId, identity, AT_ONCE)
  await settleRotation(context)
}

/** Another device has changed the list or the vault at the same moment. */
const isOvertaken = (error: unknown): boolean =>
  error instanceof ProtocolError && (error.code === 'KEYS_LIST_STALE' || error.code === 'AUTH_LOGIN_EXPIRED')

/**
 * Signs the next device list without the device, which ends its session at once, and notes that its leaves have
 * to go from every conversation and that the other devices have to be told of the new archive key. If the answer is
 * lost, the directory tells later what has become of it.
 */
export async function removeDevice(
  device: DeviceContext,
  context: AccountContext,
  record: AccountRecord,
  input: Removal,
): Promise<void> {
  if (input.deviceId === context.self.deviceId) throw engineFailure('ENGINE_DEVICE_CURRENT')
  for (let attempt = 1; ; attempt++) {
    try {
      return await removeOnce(device, context, record, input)
    } catch (error) {
      if (!isOvertaken(error) || attempt === ATTEMPTS) throw error
      await sleep(context.clock, backoffMs(context.timing, attempt, context.clock.random()))
    }
  }
}
