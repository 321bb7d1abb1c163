import {
  type AccountSecretKey,
  CryptoError,
  type DeviceListEntry,
  nextDeviceList,
  openVaultWithExportKey,
  rewrapVault,
} from '@entangle/crypto'
import { type DeviceId, idToBytes, ProtocolError, type PublicIdentity, readId } from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import { backoffMs } from '../account/timing.ts'
import type { DeviceSummary } from '../api/engine-api.ts'
import { engineFailure } from '../api/failures.ts'
import { equalBytes } from '../bytes.ts'
import type { Contact } from '../identity/contact-book.ts'
import { adoptIdentity, refreshContact } from '../identity/directory.ts'
import { sleep } from '../ports/clock.ts'
import type { AccountRecord, DeviceContext } from './device-context.ts'
import { certificatesOf } from './device-identity.ts'
import { provePassword } from './password-proof.ts'

const UNNAMED = 'Device'
/** Another device may change the list at the same moment. */
const ATTEMPTS = 5
/** Whoever removes a device also puts it out of the conversations, at once. */
const AT_ONCE = { min: 0, max: 0 }

/** This device first, then the others, the one used last before those used earlier. */
export async function listDevices(
  { calls, self }: AccountContext,
  nameOf: (deviceId: DeviceId) => string | undefined,
): Promise<readonly DeviceSummary[]> {
  const { devices } = await calls.call('listDevices', {})
  return devices
    .map(({ deviceId, enrolledAt, lastSeenAt }) => ({
      deviceId,
      name: nameOf(deviceId) ?? UNNAMED,
      enrolledAt,
      lastSeenAt,
      current: deviceId === self.deviceId,
    }))
    .sort((one, other) => Number(other.current) - Number(one.current) || other.lastSeenAt - one.lastSeenAt)
}

/** The next list without a device, nor those that have given up their place and could not sign that themselves. */
async function identityWithout(
  context: AccountContext,
  key: AccountSecretKey,
  { list, record }: Contact,
  removed: DeviceId,
): Promise<PublicIdentity> {
  const idOf = (entry: DeviceListEntry): DeviceId => readId(entry.deviceId)
  if (!list.entries.some(entry => idOf(entry) === removed)) throw engineFailure('ENGINE_DEVICE_UNKNOWN')
  const { devices } = await context.calls.call('listDevices', {})
  const active = new Set([context.self.deviceId, ...devices.map(({ deviceId }) => deviceId)])
  const entries = list.entries.filter(entry => idOf(entry) !== removed && active.has(idOf(entry)))
  return {
    accountKey: key.publicKey,
    deviceList: nextDeviceList(context.crypto, key, list, { entries }).bytes,
    certificates: certificatesOf(entries, record.certificates),
  }
}

async function removeOnce(
  device: DeviceContext,
  context: AccountContext,
  { account, accountKey }: AccountRecord,
  input: { readonly deviceId: DeviceId; readonly password: string },
): Promise<void> {
  const { calls, crypto } = context
  const { proof, exportKey } = await provePassword(device, account.handle, input.password)
  const { vault, changeGrant } = await calls.call('fetchVault', { proof })
  const opened = openVaultWithExportKey(vault.sealed, idToBytes(account.accountId), exportKey)
  const key = crypto.accountKeyFromSeeds(opened.contents.accountSeeds)
  if (!equalBytes(key.publicKey, accountKey)) throw new CryptoError('IDENTITY_OTHER_KEY')
  const contact = await refreshContact(context, account.accountId)
  const identity = await identityWithout(context, key, contact, input.deviceId)
  const rewrapped = rewrapVault(opened, { exportKey })
  await calls.call('replaceDevices', {
    changeGrant,
    identity: { ...identity },
    vault: { sealed: rewrapped.bytes, wraps: [] },
  })
  await adoptIdentity(context, account.accountId, identity, AT_ONCE)
}

/**
 * Signs the next device list without the device, which ends its session at once, and notes that its leaves have
 * to go from every conversation. If the answer is lost, the directory tells later what has become of it.
 */
export async function removeDevice(
  device: DeviceContext,
  context: AccountContext,
  record: AccountRecord,
  input: { readonly deviceId: DeviceId; readonly password: string },
): Promise<void> {
  if (input.deviceId === context.self.deviceId) throw engineFailure('ENGINE_DEVICE_CURRENT')
  for (let attempt = 1; ; attempt++) {
    try {
      return await removeOnce(device, context, record, input)
    } catch (error) {
      const isOvertaken = error instanceof ProtocolError && error.code === 'KEYS_LIST_STALE'
      if (!isOvertaken || attempt === ATTEMPTS) throw error
      await sleep(context.clock, backoffMs(context.timing, attempt, context.clock.random()))
    }
  }
}
