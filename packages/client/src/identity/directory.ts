import {
  type Crypto,
  CryptoError,
  type VerifiedDeviceList,
  verifyDeviceCertificate,
  verifyDeviceList,
  verifyDeviceListChain,
} from '@entangle/crypto'
import { type AccountId, idToBytes, LIMITS, ProtocolError, type PublicIdentity } from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import { between } from '../account/timing.ts'
import { equalBytes } from '../bytes.ts'
import { concerns } from '../chats/chat-record.ts'
import type { Transaction } from '../store/ledger.ts'
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

/** A device that its account's newest list does not name. */
export const isUnlisted = (error: unknown): boolean =>
  error instanceof IdentityMismatch &&
  error.cause instanceof CryptoError &&
  error.cause.code === 'IDENTITY_DEVICE_NOT_LISTED'

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

const isSame = ({ record: one }: Contact, { record: other }: Contact): boolean =>
  equalBytes(one.deviceList, other.deviceList) &&
  one.certificates.length === other.certificates.length &&
  one.certificates.every((bytes, index) => equalBytes(bytes, other.certificates[index] ?? NONE))
const NONE = new Uint8Array()

/** Whether a device of the earlier list is not in the later one. */
const hasLostDevices = (earlier: VerifiedDeviceList, later: VerifiedDeviceList): boolean =>
  earlier.entries.some(entry => !later.entries.some(({ deviceId }) => equalBytes(deviceId, entry.deviceId)))

/** Every conversation with this account is looked through, some time after now. */
function stageSweeps(
  { self, chats, clock }: AccountContext,
  transaction: Transaction,
  accountId: AccountId,
  range: { readonly min: number; readonly max: number },
): void {
  for (const chat of chats.all()) {
    const isInside = accountId === self.accountId || concerns(chat, accountId)
    if (chat.conversation.phase !== 'active' || !isInside) continue
    const sweepDueAt = clock.now() + between(range, clock.random())
    chats.stage(transaction, { ...chat, conversation: { ...chat.conversation, sweepDueAt } })
  }
}

/** Compares an identity with the pin. Throws IdentityMismatch. */
function compared(
  { contacts, crypto, clock, self }: AccountContext,
  accountId: AccountId,
  identity: PublicIdentity,
): Contact {
  try {
    if (accountId === self.accountId && !equalBytes(identity.accountKey, self.accountKey)) {
      throw new CryptoError('IDENTITY_OTHER_KEY')
    }
    const pinned = contacts.get(accountId)
    return verifyIdentity({ crypto, accountId, identity, pinned, nowMs: clock.now() })
  } catch (error) {
    if (error instanceof CryptoError) throw new IdentityMismatch(accountId, error)
    throw error
  }
}

type SweepRange = { readonly min: number; readonly max: number }

/** Part of a transaction: stores what is new, and notes that leaves of devices that have left the list have to go. */
function stageContact(
  context: AccountContext,
  transaction: Transaction,
  contact: Contact,
  sweepWithin: SweepRange,
): Contact {
  const { contacts } = context
  const { accountId } = contact.record
  const pinned = contacts.get(accountId)
  if (pinned !== undefined && isSame(pinned, contact)) return pinned
  contacts.stage(transaction, contact)
  if (pinned !== undefined && hasLostDevices(pinned.list, contact.list)) {
    stageSweeps(context, transaction, accountId, sweepWithin)
  }
  return contact
}

/**
 * Compares an identity with the pin and stores what is new. When devices have left the list, the same write
 * notes that their leaves have to go. Throws IdentityMismatch.
 */
export function adoptIdentity(
  context: AccountContext,
  accountId: AccountId,
  identity: PublicIdentity,
  sweepWithin: SweepRange = context.timing.selfUpdate,
): Promise<Contact> {
  return context.ledger.transact(transaction =>
    stageContact(context, transaction, compared(context, accountId, identity), sweepWithin),
  )
}

const isRollback = (error: unknown): boolean =>
  error instanceof IdentityMismatch &&
  error.cause instanceof CryptoError &&
  error.cause.code === 'IDENTITY_LIST_ROLLBACK'

/** Asks the directory, and adopts what it says. Throws IdentityMismatch. */
export async function refreshContact(context: AccountContext, accountId: AccountId): Promise<Contact> {
  const ask = async () =>
    adoptIdentity(context, accountId, await context.calls.call('readIdentity', { accountId }))
  try {
    return await ask()
  } catch (error) {
    // Another answer, asked for later, may have been adopted while this one was on its way.
    if (!isRollback(error)) throw error
    return ask()
  }
}

/** Those of one question, in one write. Who is not in the answer has deleted the account. */
async function refreshBatch(context: AccountContext, accountIds: readonly AccountId[]): Promise<void> {
  const { calls, contacts, ledger, timing } = context
  const { identities } = await calls.call('readIdentities', { accountIds: [...accountIds] })
  const found = new Map(identities.map(({ accountId, identity }) => [accountId, identity]))
  await ledger.transact(transaction => {
    for (const accountId of accountIds) {
      const identity = found.get(accountId)
      if (identity === undefined) contacts.markGone(accountId)
      else stageContact(context, transaction, compared(context, accountId, identity), timing.selfUpdate)
    }
  })
}

async function refreshOne(context: AccountContext, accountId: AccountId): Promise<void> {
  try {
    await refreshContact(context, accountId)
  } catch (error) {
    const isGone = error instanceof ProtocolError && error.retry === 'never'
    if (!isGone) throw error
    context.contacts.markGone(accountId)
  }
}

/** The same for many, in as few questions as they allow. Throws IdentityMismatch. */
export async function refreshContacts(
  context: AccountContext,
  accountIds: Iterable<AccountId>,
): Promise<void> {
  const all = [...accountIds]
  const [only] = all
  if (only !== undefined && all.length === 1) return refreshOne(context, only)
  for (let at = 0; at < all.length; at += LIMITS.accountsPerRequest) {
    const batch = all.slice(at, at + LIMITS.accountsPerRequest)
    try {
      await refreshBatch(context, batch)
    } catch (error) {
      if (!isRollback(error)) throw error
      await refreshBatch(context, batch)
    }
  }
}
