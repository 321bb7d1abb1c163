import {
  assertSameDevice,
  CryptoError,
  checkLeaf,
  type LeafUpdate,
  type MemberLeaf,
  parseCredential,
} from '@entangle/crypto'
import { type AccountId, type DeviceId, idToBytes, readId } from '@entangle/protocol'
import type { Self } from '../account/context.ts'
import { equalBytes } from '../bytes.ts'
import type { ContactBook } from './contact-book.ts'
import { IdentityMismatch } from './directory.ts'

/** Leaves cannot be judged before the directory was asked. */
export class IdentityNeeded extends Error {
  override readonly name = 'IdentityNeeded'
  readonly accountIds: ReadonlySet<AccountId>

  constructor(accountIds: Iterable<AccountId>) {
    super('identities have to be fetched first')
    this.accountIds = new Set(accountIds)
  }
}

/** Runs every check, so that all whom the directory has to be asked for are asked for at once. */
export function checkAll<T>(items: Iterable<T>, check: (item: T) => void): void {
  const needed = new Set<AccountId>()
  for (const item of items) {
    try {
      check(item)
    } catch (error) {
      if (!(error instanceof IdentityNeeded)) throw error
      for (const accountId of error.accountIds) needed.add(accountId)
    }
  }
  if (needed.size > 0) throw new IdentityNeeded(needed)
}

export type MemberId = { readonly accountId: AccountId; readonly deviceId: DeviceId }

export function memberOf(leaf: Pick<MemberLeaf, 'credential'>): MemberId {
  const credential = parseCredential(leaf.credential)
  return { accountId: readId(credential.accountId), deviceId: readId(credential.deviceId) }
}

/** Accounts whose identity was fetched just now. */
export type Fresh = Pick<ReadonlySet<AccountId>, 'has'>

export const ALL_FRESH: Fresh = { has: () => true }

export type LeafCheck = {
  readonly self: Self
  readonly contacts: ContactBook
  readonly nowMs: number
  readonly fresh: Fresh
}

/** Codes that a newer list or certificate from the directory may cure. */
const CURABLE: ReadonlySet<string> = new Set([
  'IDENTITY_DEVICE_NOT_LISTED',
  'IDENTITY_CERTIFICATE_MISMATCH',
  'IDENTITY_CERTIFICATE_EXPIRED',
])

/**
 * Passes only for this very device, or for a listed device of a pinned account. Throws IdentityNeeded when the
 * directory should be asked (`fresh` says for whom it just was), IdentityMismatch when the answer is no.
 */
export function assertLeaf(
  input: LeafCheck,
  leaf: Pick<MemberLeaf, 'credential' | 'signatureKey'>,
): MemberId {
  const { self, contacts, nowMs, fresh } = input
  const member = memberOf(leaf)
  if (member.deviceId === self.deviceId) {
    if (equalBytes(leaf.credential, self.credential) && equalBytes(leaf.signatureKey, self.signatureKey)) {
      return member
    }
    throw new IdentityMismatch(member.accountId, new CryptoError('IDENTITY_CERTIFICATE_MISMATCH'))
  }
  const contact = contacts.get(member.accountId)
  if (contact === undefined) {
    if (!fresh.has(member.accountId)) throw new IdentityNeeded([member.accountId])
    // The directory knows nobody of this name, or not any more.
    throw new IdentityMismatch(member.accountId, new CryptoError('IDENTITY_DEVICE_NOT_LISTED'))
  }
  const { certificateHash } = parseCredential(leaf.credential)
  const certificate = contact.certificates.find(({ hash }) => equalBytes(hash, certificateHash))
  try {
    if (certificate === undefined) throw new CryptoError('IDENTITY_DEVICE_NOT_LISTED')
    checkLeaf(leaf, contact.list, certificate, nowMs)
  } catch (error) {
    if (!fresh.has(member.accountId) && error instanceof CryptoError && CURABLE.has(error.code)) {
      throw new IdentityNeeded([member.accountId])
    }
    throw new IdentityMismatch(member.accountId, error)
  }
  return member
}

/**
 * A changed leaf stays with its account and device, and passes like an added one. Where only its encryption
 * keys are new, the leaf that was checked when it came speaks for it: its device may have left the list since.
 */
export function assertUpdatedLeaf(input: LeafCheck, update: LeafUpdate): void {
  try {
    assertSameDevice(update.before, update.after)
  } catch (error) {
    throw new IdentityMismatch(memberOf(update.before).accountId, error)
  }
  const { before, after } = update
  const isSame =
    equalBytes(before.credential, after.credential) && equalBytes(before.signatureKey, after.signatureKey)
  if (!isSame) assertLeaf(input, after)
}

/**
 * Whether a device is in its account's list, as far as it is known; who it is not known of counts as listed. Throws
 * IdentityNeeded where a newer list could say otherwise.
 */
export function isListed({ contacts, fresh }: LeafCheck, { accountId, deviceId }: MemberId): boolean {
  if (contacts.isGone(accountId)) return false
  const device = idToBytes(deviceId)
  const list = contacts.get(accountId)?.list
  if (list !== undefined && !list.entries.some(entry => equalBytes(entry.deviceId, device))) return false
  if (!fresh.has(accountId)) throw new IdentityNeeded([accountId])
  return true
}
