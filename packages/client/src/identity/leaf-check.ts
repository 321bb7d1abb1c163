import {
  assertSameDevice,
  CryptoError,
  checkLeaf,
  type LeafUpdate,
  type MemberLeaf,
  parseCredential,
} from '@entangle/crypto'
import { type AccountId, type DeviceId, readId } from '@entangle/protocol'
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

/** Codes that a newer list or certificate from the directory may cure. */
const CURABLE: ReadonlySet<string> = new Set([
  'IDENTITY_DEVICE_NOT_LISTED',
  'IDENTITY_CERTIFICATE_MISMATCH',
  'IDENTITY_CERTIFICATE_EXPIRED',
])

/**
 * Passes only for this very device, or for a listed device of a pinned account. Throws IdentityNeeded when the
 * directory should be asked (`fresh` says that it just was), IdentityMismatch when the answer is no.
 */
export function assertLeaf(
  input: {
    readonly self: Self
    readonly contacts: ContactBook
    readonly nowMs: number
    readonly fresh: boolean
  },
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
    if (!fresh && error instanceof CryptoError && CURABLE.has(error.code)) {
      throw new IdentityNeeded(member.accountId)
    }
    throw new IdentityMismatch(member.accountId, error)
  }
  return member
}

/** A changed leaf stays with its account and device, and passes like an added one. */
export function assertUpdatedLeaf(input: Parameters<typeof assertLeaf>[0], update: LeafUpdate): void {
  try {
    assertSameDevice(update.before, update.after)
  } catch (error) {
    throw new IdentityMismatch(memberOf(update.before).accountId, error)
  }
  assertLeaf(input, update.after)
}
