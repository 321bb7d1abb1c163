import { type VerifiedDeviceList, verifyArchiveKeyStatement } from '@entangle/crypto'
import { type DeviceId, readId } from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import { equalBytes } from '../bytes.ts'
import { accountKeys } from '../store/keys.ts'
import { stageKeys } from './keys.ts'

/** New archive keys under a list that is on its way to the server. */
type RotationRecord = {
  readonly listVersion: number
  readonly listHash: Uint8Array
  readonly statement: Uint8Array
}

/** Whom of the account's devices the statement has still to reach. */
export type LettersDue = { readonly statement: Uint8Array; readonly devices: readonly DeviceId[] }

/** Stored before the server is asked: whatever becomes of the answer, the keys are known to whoever asked. */
export const storeRotation = (
  { ledger }: AccountContext,
  { version, hash }: VerifiedDeviceList,
  statement: Uint8Array,
): Promise<void> =>
  ledger.transact(({ put }) =>
    put(accountKeys.rotation, { listVersion: version, listHash: hash, statement } satisfies RotationRecord),
  )

/**
 * Compares with the account's newest list, which was just fetched: if it is the one that was asked for, the keys are
 * the account's from now on, and the other devices have to be told. Answers whether that is so.
 */
export async function settleRotation(context: AccountContext): Promise<boolean> {
  const { contacts, crypto, ledger, records, self } = context
  const rotation = await records.readRecord(accountKeys.rotation, value => value as RotationRecord)
  const own = contacts.get(self.accountId)
  if (rotation === undefined || own === undefined || own.list.version < rotation.listVersion) return false
  const isAccepted = equalBytes(own.list.hash, rotation.listHash)
  await ledger.transact(transaction => {
    transaction.remove(accountKeys.rotation)
    if (!isAccepted) return
    const { statement } = rotation
    const { archiveKeys } = verifyArchiveKeyStatement(crypto, own.record.accountKey, statement)
    stageKeys(context, transaction, archiveKeys)
    const devices = own.list.entries
      .map(({ deviceId }) => readId<DeviceId>(deviceId))
      .filter(deviceId => deviceId !== self.deviceId)
    if (devices.length > 0)
      transaction.put(accountKeys.lettersDue, { statement, devices } satisfies LettersDue)
  })
  return isAccepted
}
