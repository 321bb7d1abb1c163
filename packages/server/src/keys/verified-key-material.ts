import {
  type DeviceCertificate,
  type DeviceListEntry,
  parseCredential,
  parseDeviceList,
  type Verifier,
  verifyDeviceCertificate,
  verifyDeviceList,
  verifySuccession,
  verifySuccessions,
} from '@entangle/crypto/verify'
import { type ErrorCode, ProtocolError, type PublicIdentity, readId } from '@entangle/protocol'
import type { CheckedIdentity, KeyMaterial } from './key-material.ts'

const same = (left: Uint8Array, right: Uint8Array): boolean => Buffer.from(left).equals(Buffer.from(right))

/** Whatever the checks throw on hostile bytes becomes the one answer of the operation. */
function orRefuse<T>(code: ErrorCode, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    throw cause instanceof ProtocolError ? cause : new ProtocolError(code, {}, { cause })
  }
}

const certifies = (certificate: DeviceCertificate, entry: DeviceListEntry, accountId: Uint8Array): boolean =>
  same(certificate.hash, entry.certificateHash) &&
  same(certificate.deviceId, entry.deviceId) &&
  same(certificate.signatureKey, entry.signatureKey) &&
  same(certificate.accountId, accountId) &&
  certificate.suite === entry.suite

export function createVerifiedKeyMaterial(verifier: Verifier): KeyMaterial {
  function checkIdentity(identity: PublicIdentity, nowMs: number): CheckedIdentity {
    const list = verifyDeviceList(verifier, identity.accountKey, identity.deviceList)
    const successions = identity.successions ?? []
    verifySuccessions(verifier, list.accountId, identity.accountKey, successions)
    const certificates = identity.certificates.map(bytes =>
      verifyDeviceCertificate(verifier, identity.accountKey, bytes, nowMs),
    )
    const newest = successions.at(-1)
    const fits =
      certificates.length === list.entries.length &&
      list.entries.every(
        entry =>
          entry.suite === verifier.suite &&
          entry.expiresAtMs > nowMs &&
          certificates.some(certificate => certifies(certificate, entry, list.accountId)),
      )
    if (!fits) throw new ProtocolError('KEYS_IDENTITY_INVALID')
    return {
      accountId: readId(list.accountId),
      handle: list.handle,
      version: list.version,
      previousHash: list.previousHash,
      succession: newest === undefined ? null : verifySuccession(verifier, newest),
      devices: list.entries.map(entry => ({
        deviceId: readId(entry.deviceId),
        signatureKey: entry.signatureKey,
      })),
    }
  }

  return {
    readList(deviceList) {
      const { hash, entries } = parseDeviceList(deviceList)
      return { hash, deviceIds: entries.map(entry => readId(entry.deviceId)) }
    },
    checkIdentity: (identity, nowMs) =>
      orRefuse('KEYS_IDENTITY_INVALID', () => checkIdentity(identity, nowMs)),
    checkKeyPackage: (keyPackage, nowMs) =>
      orRefuse('KEYS_PACKAGE_INVALID', () => {
        const info = verifier.validateKeyPackage(keyPackage, nowMs)
        const credential = parseCredential(info.credential)
        return {
          ref: info.ref,
          accountId: readId(credential.accountId),
          deviceId: readId(credential.deviceId),
          signatureKey: info.signatureKey,
          lastResort: info.lastResort,
          expiresAt: info.notAfterMs,
        }
      }),
    verifyDeviceSignature: (key, label, message, signature) =>
      verifier.verifyDeviceSignature(key, label, message, signature),
  }
}
