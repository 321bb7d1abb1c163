import type { AccountId } from '@entangle/protocol'
import { prefixRange, type StoredEntry } from '../ports/key-value-store.ts'
import { accountPrefix, deviceKeys } from '../store/keys.ts'
import { record, type SealedStore } from '../store/sealed-store.ts'
import type { AccountRecord } from './device-context.ts'

/** A record of an earlier version has no archive key. */
const asAccount = (value: unknown): AccountRecord => ({
  archiveKey: null,
  ...(value as Omit<AccountRecord, 'archiveKey'>),
})

export async function readCurrent(root: SealedStore): Promise<AccountRecord | undefined> {
  const id = await root.readRecord(deviceKeys.current, value => value as AccountId)
  return id === undefined ? undefined : root.readRecord(deviceKeys.account(id), asAccount)
}

export const listAccounts = (root: SealedStore): Promise<AccountRecord[]> =>
  root.scanRecords(deviceKeys.accounts, asAccount)

export const findAccountByHandle = async (
  root: SealedStore,
  handle: string,
): Promise<AccountRecord | undefined> =>
  (await listAccounts(root)).find(({ account }) => account.handle === handle)

/** Keys first, under a record that says that the server has not answered yet. */
export const storeEnrolling = (
  root: SealedStore,
  account: AccountRecord,
  entries: readonly StoredEntry[],
): Promise<void> => {
  const prefix = accountPrefix(account.account.accountId)
  return root.write({
    clears: [prefixRange(prefix)],
    puts: [
      record(deviceKeys.account(account.account.accountId), { ...account, phase: 'enrolling' }),
      ...entries.map(({ key, value }) => ({ key: `${prefix}${key}`, value })),
    ],
  })
}

export const storeActive = (root: SealedStore, account: AccountRecord): Promise<void> =>
  root.write({
    puts: [
      record(deviceKeys.account(account.account.accountId), { ...account, phase: 'active' }),
      record(deviceKeys.current, account.account.accountId),
    ],
  })

export const storeSignedOut = (root: SealedStore, account: AccountRecord): Promise<void> =>
  root.write({
    deletes: [deviceKeys.current],
    puts: [record(deviceKeys.account(account.account.accountId), { ...account, phase: 'signed-out' })],
  })

/** Nothing of the account stays on this device. */
export const eraseAccount = async (root: SealedStore, accountId: AccountId): Promise<void> => {
  const current = await readCurrent(root)
  await root.write({
    clears: [prefixRange(accountPrefix(accountId))],
    deletes: [
      deviceKeys.account(accountId),
      ...(current?.account.accountId === accountId ? [deviceKeys.current] : []),
    ],
  })
}
