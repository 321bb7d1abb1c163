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

/** A leaf cannot be judged before the directory was asked. */
export class IdentityNeeded extends Error {
  override readonly name = 'IdentityNeeded'
  readonly accountId: AccountId

  constructor(accountId: AccountId) {
    super('an identity has to be fetched first')
    this.accountId = accountId
  }
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
  if (contact === undefined) throw new IdentityNeeded(member.accountId)
  const { certificateHash } = parseCredential(leaf.credential)
  const certificate = contact.certificates.find(({ hash }) => equalBytes(hash, certificateHash))
  try {
    if (certificate === undefined) throw new CryptoError('IDENTITY_DEVICE_NOT_LISTED')
    checkLeaf(leaf, contact.list, certificate, nowMs)
  } catch (error) {
    if (!fresh.has(member.accountId) && error instanceof CryptoError && CURABLE.has(error.code)) {
      throw new IdentityNeeded(member.accountId)
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

/** A leaf may be put out by its own account, and by anybody once its account's list does not name it any more. */
export function assertRemoval(
  input: LeafCheck,
  committer: AccountId,
  leaf: Pick<MemberLeaf, 'credential'>,
): void {
  const { accountId, deviceId } = memberOf(leaf)
  if (accountId === committer) return
  const contact = input.contacts.get(accountId)
  const device = idToBytes(deviceId)
  const isListed = contact?.list.entries.some(entry => equalBytes(entry.deviceId, device)) ?? true
  if (!isListed) return
  if (!input.fresh.has(accountId)) throw new IdentityNeeded(accountId)
  throw new IdentityMismatch(committer, 'removes the device of another')
}
