import {
  type Crypto,
  CryptoError,
  type VerifiedDeviceList,
  verifyDeviceCertificate,
  verifyDeviceList,
  verifyDeviceListChain,
} from '@entangle/crypto'
import { type AccountId, idToBytes, type PublicIdentity } from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import { equalBytes } from '../bytes.ts'
import type { Contact } from './contact-book.ts'

/** What the directory says does not fit what this device has pinned, or does not verify at all. */
export class IdentityMismatch extends Error {
  override readonly name = 'IdentityMismatch'
  readonly accountId: AccountId

  constructor(accountId: AccountId, cause: unknown) {
    super('an identity does not match', { cause })
    this.accountId = accountId
  }
}

function followList(
  crypto: Crypto,
  accountKey: Uint8Array,
  pinned: VerifiedDeviceList,
  bytes: Uint8Array,
): VerifiedDeviceList {
  try {
    return verifyDeviceListChain(crypto, pinned, [bytes])
  } catch (error) {
    // Versions in between were missed, and the directory serves only the newest. The pinned account key has
    // signed this one and its version is higher: it is neither a rollback nor a stranger's.
    if (!(error instanceof CryptoError) || error.code !== 'IDENTITY_LIST_GAP') throw error
    return verifyDeviceList(crypto, accountKey, bytes)
  }
}

/** Identity as fetched → contact. Throws CryptoError with an IDENTITY_ code. */
export function verifyIdentity(input: {
  readonly crypto: Crypto
  readonly accountId: AccountId
  readonly identity: PublicIdentity
  readonly pinned: Contact | undefined
  readonly nowMs: number
}): Contact {
  const { crypto, accountId, identity, pinned, nowMs } = input
  if (pinned !== undefined && !equalBytes(pinned.record.accountKey, identity.accountKey)) {
    throw new CryptoError('IDENTITY_OTHER_KEY')
  }
  const list =
    pinned === undefined
      ? verifyDeviceList(crypto, identity.accountKey, identity.deviceList)
      : followList(crypto, identity.accountKey, pinned.list, identity.deviceList)
  if (!equalBytes(list.accountId, idToBytes(accountId))) throw new CryptoError('IDENTITY_OTHER_ACCOUNT')
  const certificates = identity.certificates.flatMap(bytes => {
    try {
      return [verifyDeviceCertificate(crypto, identity.accountKey, bytes, nowMs)]
    } catch {
      // A certificate that does not hold vouches for nobody; the leaf that needs it is refused.
      return []
    }
  })
  return {
    record: {
      accountId,
      accountKey: identity.accountKey,
      deviceList: list.bytes,
      certificates: certificates.map(certificate => certificate.bytes),
      basis: pinned?.record.basis ?? 'first-use',
      pinnedAt: pinned?.record.pinnedAt ?? nowMs,
    },
    list,
    certificates,
  }
}

/** Asks the directory, compares with the pin, and stores what is new. Throws IdentityMismatch. */
export async function refreshContact(
  { calls, contacts, crypto, clock, ledger }: AccountContext,
  accountId: AccountId,
): Promise<Contact> {
  const identity = await calls.call('readIdentity', { accountId })
  return ledger.transact(transaction => {
    const pinned = contacts.get(accountId)
    let contact: Contact
    try {
      contact = verifyIdentity({ crypto, accountId, identity, pinned, nowMs: clock.now() })
    } catch (error) {
      if (error instanceof CryptoError) throw new IdentityMismatch(accountId, error)
      throw error
    }
    contacts.stage(transaction, contact)
    return contact
  })
}
