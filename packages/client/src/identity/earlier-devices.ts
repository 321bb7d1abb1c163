import { type DeviceList, type MemberLeaf, parseCredential } from '@entangle/crypto'
import { readId } from '@entangle/protocol'
import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes, equalBytes } from '../bytes.ts'
import type { ContactBook, ContactRecord } from './contact-book.ts'

type Device = Pick<DeviceList['entries'][number], 'deviceId' | 'certificateHash' | 'signatureKey'>

const MOST = 64

const digestOf = ({ deviceId, certificateHash, signatureKey }: Device): Uint8Array =>
  sha256(concatBytes(deviceId, certificateHash, signatureKey))

const has = (digests: readonly Uint8Array[], digest: Uint8Array): boolean =>
  digests.some(other => equalBytes(other, digest))

/**
 * Devices that verified lists of an account have named and the newest does not. They were removed: their leaves have to
 * go, and nobody vouches for them, but that they are there is no sign of an attack.
 */
export function earlierDevices(
  known: Pick<ContactRecord, 'earlierDevices'>,
  lists: readonly DeviceList[],
  newest: DeviceList,
): readonly Uint8Array[] {
  const present = newest.entries.map(digestOf)
  const found = [...(known.earlierDevices ?? [])]
  for (const digest of lists.flatMap(({ entries }) => entries.map(digestOf))) {
    if (!has(found, digest)) found.push(digest)
  }
  return found.filter(digest => !has(present, digest)).slice(-MOST)
}

/** Whether a leaf is of a device that an earlier list of its account named, and the newest does not. */
export function hasLeft(
  contacts: Pick<ContactBook, 'get'>,
  leaf: Pick<MemberLeaf, 'credential' | 'signatureKey'>,
): boolean {
  const { accountId, deviceId, certificateHash } = parseCredential(leaf.credential)
  const digest = digestOf({ deviceId, certificateHash, signatureKey: leaf.signatureKey })
  return has(contacts.get(readId(accountId))?.record.earlierDevices ?? [], digest)
}
