import {
  type Crypto,
  type DeviceCertificate,
  parseDeviceCertificate,
  type VerifiedDeviceList,
  verifyDeviceList,
} from '@entangle/crypto'
import type { AccountId } from '@entangle/protocol'
import { accountKeys } from '../store/keys.ts'
import type { Transaction } from '../store/ledger.ts'
import type { SealedStore } from '../store/sealed-store.ts'

/** What this device has pinned of an account. */
export type ContactRecord = {
  readonly accountId: AccountId
  /** 1984 bytes. */
  readonly accountKey: Uint8Array
  readonly deviceList: Uint8Array
  readonly certificates: readonly Uint8Array[]
  /** How the account key came to be the one it is. */
  readonly successions?: readonly Uint8Array[]
  readonly pinnedAt: number
  /** When another account key took the place of the one pinned before, milliseconds since 1970. */
  readonly changedAt?: number
  /** SHA-256 of account keys that were this account's before: they are not accepted again, whatever they sign. */
  readonly formerKeys?: readonly Uint8Array[]
  /** SHA-256 of what earlier lists said of devices that the newest does not name. */
  readonly earlierDevices?: readonly Uint8Array[]
}

/** A pinned account, its list and certificates opened. */
export type Contact = {
  readonly record: ContactRecord
  readonly list: VerifiedDeviceList
  readonly certificates: readonly DeviceCertificate[]
}

export function createContactBook(crypto: Crypto) {
  const pinned = new Map<AccountId, ContactRecord>()
  const opened = new Map<AccountId, Contact>()
  /** Accounts that were deleted, as far as it came up: nobody vouches for their devices any more. */
  const gone = new Set<AccountId>()

  return {
    async load(records: SealedStore): Promise<void> {
      for (const contact of await records.scanRecords(
        accountKeys.contacts,
        value => value as ContactRecord,
      )) {
        pinned.set(contact.accountId, contact)
      }
    },
    markGone: (accountId: AccountId): void => void gone.add(accountId),
    isGone: (accountId: AccountId): boolean => gone.has(accountId),
    has: (accountId: AccountId): boolean => pinned.has(accountId),
    /** Without opening it, which costs. */
    recordOf: (accountId: AccountId): ContactRecord | undefined => pinned.get(accountId),
    get(accountId: AccountId): Contact | undefined {
      const known = opened.get(accountId)
      const record = pinned.get(accountId)
      if (known !== undefined || record === undefined) return known
      const contact = {
        record,
        list: verifyDeviceList(crypto, record.accountKey, record.deviceList),
        certificates: record.certificates.map(parseDeviceCertificate),
      }
      opened.set(accountId, contact)
      return contact
    },
    stage(transaction: Transaction, contact: Contact): void {
      const { record } = contact
      transaction.put(accountKeys.contact(record.accountId), record)
      transaction.afterCommit(() => {
        pinned.set(record.accountId, record)
        opened.set(record.accountId, contact)
      })
    },
  }
}
export type ContactBook = ReturnType<typeof createContactBook>
