import {
  type AccountKeys,
  type Crypto,
  CryptoError,
  type DeviceList,
  parseDeviceList,
  type VerifiedDeviceList,
  verifyDeviceCertificate,
  verifyDeviceList,
  verifyDeviceListChain,
  verifySuccessions,
} from '@entangle/crypto'
import { type AccountId, idToBytes, LIMITS, ProtocolError, type PublicIdentity } from '@entangle/protocol'
import { sha256 } from '@noble/hashes/sha2.js'
import type { AccountContext } from '../account/context.ts'
import { between } from '../account/timing.ts'
import { equalBytes } from '../bytes.ts'
import { type ChatRecord, concerns } from '../chats/chat-record.ts'
import { withSpentInvites } from '../groups/invites.ts'
import type { Transaction } from '../store/ledger.ts'
import type { Contact } from './contact-book.ts'
import { earlierDevices } from './earlier-devices.ts'
import { stageKeyChange } from './key-changes.ts'
import { acceptedMark, basisOf, markOf, stageAccepted } from './trust.ts'

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
export const isUnlisted = (error: unknown): error is IdentityMismatch =>
  error instanceof IdentityMismatch &&
  error.cause instanceof CryptoError &&
  error.cause.code === 'IDENTITY_DEVICE_NOT_LISTED'

/** Identity as the directory tells it, with the lists that led to the newest one. */
export type ToldIdentity = PublicIdentity & { readonly history?: readonly Uint8Array[] | undefined }

/** From the pinned list to the newest one, with those between. `keys`: what leads to the account key of today. */
function followList(
  crypto: Crypto,
  pinned: Contact,
  { accountKey, deviceList, history = [] }: ToldIdentity,
  keys: AccountKeys,
): { readonly list: VerifiedDeviceList; readonly before: readonly DeviceList[] } {
  const at = keys.findIndex(key => equalBytes(key, pinned.record.accountKey))
  if (at < 0) throw new CryptoError('IDENTITY_OTHER_KEY')
  const missed = parseDeviceList(deviceList).version - pinned.list.version - 1
  // So far behind that nobody keeps the lists between at hand: the newest is signed by the pinned account key, or
  // by one that follows it, and its version is higher. It is neither a rollback nor a stranger's.
  if (missed > LIMITS.deviceListHistory) {
    return { list: verifyDeviceList(crypto, accountKey, deviceList), before: [pinned.list] }
  }
  const list = verifyDeviceListChain(crypto, pinned.list, [...history, deviceList], keys.slice(at + 1))
  return { list, before: [pinned.list, ...history.map(parseDeviceList)] }
}

const NONE = new Uint8Array()
const MOST_FORMER_KEYS = 32

/** What is kept of the keys before the present one. */
function formerKeysOf(pinned: Contact | undefined, keys: AccountKeys): readonly Uint8Array[] {
  const known = pinned?.record.formerKeys ?? []
  const added = keys.slice(0, -1).map(key => sha256(key))
  const isNew = (hash: Uint8Array) => !known.some(other => equalBytes(other, hash))
  return [...known, ...added.filter(isNew)].slice(-MOST_FORMER_KEYS)
}

/** Identity as fetched → contact. Throws CryptoError with an IDENTITY_ code. */
export function verifyIdentity(input: {
  readonly crypto: Crypto
  readonly accountId: AccountId
  readonly identity: ToldIdentity
  readonly pinned: Contact | undefined
  readonly nowMs: number
}): Contact {
  const { crypto, accountId, identity, pinned, nowMs } = input
  const { accountKey, successions = [] } = identity
  const keys = verifySuccessions(crypto, idToBytes(accountId), accountKey, successions)
  const { list, before } =
    pinned === undefined
      ? { list: verifyDeviceList(crypto, accountKey, identity.deviceList), before: [] }
      : followList(crypto, pinned, identity, keys)
  if (!equalBytes(list.accountId, idToBytes(accountId))) throw new CryptoError('IDENTITY_OTHER_ACCOUNT')
  // A new key has nothing to say without a list of its own.
  if (!equalBytes(list.accountPublicKey, accountKey)) throw new CryptoError('IDENTITY_OTHER_KEY')
  const certificates = identity.certificates.flatMap(bytes => {
    try {
      return [verifyDeviceCertificate(crypto, accountKey, bytes, nowMs)]
    } catch {
      // A certificate that does not hold vouches for nobody; the leaf that needs it is refused.
      return []
    }
  })
  const hasNewKey = pinned !== undefined && !equalBytes(pinned.record.accountKey, accountKey)
  const changedAt = hasNewKey ? nowMs : pinned?.record.changedAt
  return {
    record: {
      accountId,
      accountKey,
      deviceList: list.bytes,
      certificates: certificates.map(certificate => certificate.bytes),
      successions,
      pinnedAt: pinned?.record.pinnedAt ?? nowMs,
      ...(changedAt === undefined ? {} : { changedAt }),
      formerKeys: formerKeysOf(pinned, keys),
      earlierDevices: earlierDevices(pinned?.record ?? {}, before, list),
    },
    list,
    certificates,
  }
}

const isSame = ({ record: one }: Contact, { record: other }: Contact): boolean =>
  equalBytes(one.deviceList, other.deviceList) &&
  one.certificates.length === other.certificates.length &&
  one.certificates.every((bytes, index) => equalBytes(bytes, other.certificates[index] ?? NONE))

/** Whether a device of the earlier list is not in the later one. */
const hasLostDevices = (earlier: VerifiedDeviceList, later: VerifiedDeviceList): boolean =>
  earlier.entries.some(entry => !later.entries.some(({ deviceId }) => equalBytes(deviceId, entry.deviceId)))

type SweepRange = { readonly min: number; readonly max: number }

/** What becomes of the chats with an account when its identity changes. */
type Consequence = {
  /** Leaves have to go: every conversation is looked through soon. */
  readonly isSweepDue: boolean
  readonly hasNewKey: boolean
  /** `set`: the key that was compared is not the key any more. `clear`: the person accepts what there is now. */
  readonly warning: 'set' | 'keep' | 'clear'
}

function consequenceOf(context: AccountContext, contact: Contact, isAccepted: boolean): Consequence {
  const { contacts, self } = context
  const { accountId, accountKey } = contact.record
  const pinned = contacts.get(accountId)
  if (pinned === undefined)
    return { isSweepDue: false, hasNewKey: false, warning: isAccepted ? 'clear' : 'keep' }
  const hasNewKey = !equalBytes(pinned.record.accountKey, accountKey)
  const isAcceptedByNow = acceptedMark(context, accountId) === markOf(accountKey)
  const isDoubtful =
    hasNewKey &&
    !isAcceptedByNow &&
    accountId !== self.accountId &&
    basisOf(context, pinned.record) === 'verified'
  return {
    isSweepDue: hasNewKey || hasLostDevices(pinned.list, contact.list),
    hasNewKey,
    warning: isAccepted ? 'clear' : isDoubtful ? 'set' : 'keep',
  }
}

function withWarning(chat: ChatRecord, accountId: AccountId, warning: Consequence['warning']): ChatRecord {
  // What an event gave rise to may end with it; this does not.
  if (warning === 'set' && (chat.warning === null || typeof chat.warnedAt === 'number')) {
    return { ...chat, warning: 'identity-changed', suspect: accountId, warnedAt: null }
  }
  const isMeant = warning === 'clear' && chat.warning !== null && (chat.suspect ?? accountId) === accountId
  return isMeant ? { ...chat, warning: null, suspect: null, warnedAt: null } : chat
}

type Adoption = { readonly sweepWithin?: SweepRange; readonly isAccepted?: boolean }

/** Part of a transaction: stores what is new, with all that follows from it for the chats. */
function stageContacts(
  context: AccountContext,
  transaction: Transaction,
  adopted: readonly Contact[],
  { sweepWithin = context.timing.selfUpdate, isAccepted = false }: Adoption = {},
): void {
  const { chats, clock, contacts, self } = context
  const consequences = adopted.map(contact => ({
    accountId: contact.record.accountId,
    ...consequenceOf(context, contact, isAccepted),
  }))
  for (const contact of adopted) {
    const pinned = contacts.recordOf(contact.record.accountId)
    const isOther = pinned !== undefined && !equalBytes(pinned.accountKey, contact.record.accountKey)
    if (isOther && pinned.accountId !== self.accountId)
      stageKeyChange(context, transaction, pinned, contact.record)
    contacts.stage(transaction, contact)
  }
  for (const chat of chats.all()) {
    let next = chat
    for (const { accountId, hasNewKey, isSweepDue, warning } of consequences) {
      if (accountId !== self.accountId && !concerns(chat, accountId)) continue
      next = withWarning(next, accountId, warning)
      if (hasNewKey && next.kind === 'group') next = { ...next, group: withSpentInvites(next.group) }
      if (!isSweepDue || next.conversation.phase !== 'active') continue
      const sweepDueAt = clock.now() + between(sweepWithin, clock.random())
      next = { ...next, conversation: { ...next.conversation, sweepDueAt } }
    }
    if (next !== chat) chats.stage(transaction, next)
  }
}

/** Compares an identity with the pin; undefined where it says nothing new. Throws IdentityMismatch. */
function compared(
  { contacts, crypto, clock, self }: AccountContext,
  accountId: AccountId,
  identity: ToldIdentity,
): Contact | undefined {
  try {
    const pinned = contacts.get(accountId)
    // What an earlier version of this device knows of its own account is the key.
    const isOther = accountId === self.accountId && !equalBytes(identity.accountKey, self.accountKey)
    if (pinned === undefined && isOther) throw new CryptoError('IDENTITY_OTHER_KEY')
    const contact = verifyIdentity({ crypto, accountId, identity, pinned, nowMs: clock.now() })
    return pinned !== undefined && isSame(pinned, contact) ? undefined : contact
  } catch (error) {
    if (error instanceof CryptoError) throw new IdentityMismatch(accountId, error)
    throw error
  }
}

/**
 * Compares an identity with the pin and stores what is new. When devices have left the list, the same write notes that
 * their leaves have to go; when a key that was compared was followed by another, that sending stops. Throws
 * IdentityMismatch.
 */
export function adoptIdentity(
  context: AccountContext,
  accountId: AccountId,
  identity: ToldIdentity,
  sweepWithin: SweepRange = context.timing.selfUpdate,
): Promise<Contact> {
  return context.ledger.transact(transaction => {
    const contact = compared(context, accountId, identity)
    if (contact !== undefined) stageContacts(context, transaction, [contact], { sweepWithin })
    const adopted = contact ?? context.contacts.get(accountId)
    if (adopted === undefined) throw new TypeError('neither pinned nor adopted')
    return adopted
  })
}

/**
 * Another answer, asked for earlier or later, may have been adopted while this one was on its way; or it does not hold
 * the lists between.
 */
const isOutOfStep = (error: unknown): error is IdentityMismatch =>
  error instanceof IdentityMismatch &&
  error.cause instanceof CryptoError &&
  (error.cause.code === 'IDENTITY_LIST_ROLLBACK' || error.cause.code === 'IDENTITY_LIST_GAP')

/** With the lists since the pinned one. */
const askFor = ({ calls, contacts }: AccountContext, accountId: AccountId): Promise<ToldIdentity> => {
  const since = contacts.get(accountId)?.list.version
  return calls.call('readIdentity', since === undefined ? { accountId } : { accountId, since })
}

/** Asks the directory, and adopts what it says. Throws IdentityMismatch. */
export async function refreshContact(context: AccountContext, accountId: AccountId): Promise<Contact> {
  const ask = async () => adoptIdentity(context, accountId, await askFor(context, accountId))
  try {
    return await ask()
  } catch (error) {
    if (!isOutOfStep(error)) throw error
    return ask()
  }
}

/** Those of one question, in one write. Who is not in the answer has deleted the account. */
async function refreshBatch(context: AccountContext, accountIds: readonly AccountId[]): Promise<void> {
  const { calls, contacts, ledger } = context
  const { identities } = await calls.call('readIdentities', { accountIds: [...accountIds] })
  const found = new Map(identities.map(({ accountId, identity }) => [accountId, identity]))
  await ledger.transact(transaction => {
    const adopted = accountIds.flatMap(accountId => {
      const identity = found.get(accountId)
      if (identity === undefined) contacts.markGone(accountId)
      return identity === undefined ? [] : (compared(context, accountId, identity) ?? [])
    })
    stageContacts(context, transaction, adopted)
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
    const apart = new Set<AccountId>()
    for (let isDone = false; !isDone; ) {
      try {
        await refreshBatch(context, batch)
        isDone = true
      } catch (error) {
        if (!isOutOfStep(error) || apart.has(error.accountId)) throw error
        apart.add(error.accountId)
        await refreshOne(context, error.accountId)
      }
    }
  }
}

/** The directory's answer as the person's choice: another key than the pinned one is taken, an earlier one is not. */
function verifyAccepted(
  { clock, contacts, crypto }: AccountContext,
  accountId: AccountId,
  identity: ToldIdentity,
): Contact {
  const nowMs = clock.now()
  const pinned = contacts.get(accountId)
  const isPinnedKey = pinned === undefined || equalBytes(pinned.record.accountKey, identity.accountKey)
  try {
    return verifyIdentity({ crypto, accountId, identity, pinned, nowMs })
  } catch (error) {
    const isOtherKey = error instanceof CryptoError && error.code === 'IDENTITY_OTHER_KEY'
    if (!isOtherKey || isPinnedKey) throw error
  }
  const former = pinned.record.formerKeys ?? []
  const offered = sha256(identity.accountKey)
  if (former.some(hash => equalBytes(hash, offered))) throw new CryptoError('IDENTITY_OTHER_KEY')
  const contact = verifyIdentity({ crypto, accountId, identity, pinned: undefined, nowMs })
  // A key that was given up names this one as its next: it has named another before.
  const named = contact.record.formerKeys ?? []
  if (named.some(hash => former.some(other => equalBytes(hash, other))))
    throw new CryptoError('IDENTITY_OTHER_KEY')
  const formerKeys = [...former, sha256(pinned.record.accountKey), ...named]
  const record = { ...contact.record, changedAt: nowMs, formerKeys: formerKeys.slice(-MOST_FORMER_KEYS) }
  return { ...contact, record }
}

/** Part of a transaction: what is pinned is what the person goes on with. */
export function stageAcceptedPin(
  context: AccountContext,
  transaction: Transaction,
  accountId: AccountId,
): void {
  const contact = context.contacts.get(accountId)
  if (contact !== undefined) stageContacts(context, transaction, [contact], { isAccepted: true })
}

const takeAccepted = (
  context: AccountContext,
  accountId: AccountId,
  identity: ToldIdentity,
  more: (transaction: Transaction, contact: Contact) => void = () => undefined,
): Promise<Contact> =>
  context.ledger.transact(transaction => {
    try {
      const contact = verifyAccepted(context, accountId, identity)
      stageContacts(context, transaction, [contact], { isAccepted: true })
      more(transaction, contact)
      return contact
    } catch (error) {
      throw error instanceof CryptoError ? new IdentityMismatch(accountId, error) : error
    }
  })

/**
 * The person goes on with whoever the directory names now: pinned as at a first contact, the warning gone, devices that
 * are not listed put out. Throws IdentityMismatch where the answer does not hold in itself, is older than what was
 * known, or is under a key that was given up before.
 */
export async function acceptContact(context: AccountContext, accountId: AccountId): Promise<Contact> {
  const identity = await askFor(context, accountId)
  return takeAccepted(context, accountId, identity, (transaction, { record }) =>
    stageAccepted(context, transaction, accountId, record.accountKey),
  )
}

/**
 * The same where another device of the account has accepted: only the very account key that it names. Answers whether
 * the directory names that one.
 */
export async function followAcceptance(context: AccountContext, accountId: AccountId): Promise<boolean> {
  const identity = await askFor(context, accountId)
  if (markOf(identity.accountKey) !== acceptedMark(context, accountId)) return false
  await takeAccepted(context, accountId, identity)
  return true
}
