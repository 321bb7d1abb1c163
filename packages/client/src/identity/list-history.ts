import { CryptoError, type DeviceList, verifyDeviceList } from '@entangle/crypto'
import { type AccountId, idToBytes, LIMITS, ProtocolError } from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import { equalBytes } from '../bytes.ts'
import type { Contact } from './contact-book.ts'
import { earlierDevices } from './earlier-devices.ts'

async function readHistory({ calls }: AccountContext, accountId: AccountId, newest: number) {
  const since = Math.max(0, newest - 1 - LIMITS.deviceListHistory)
  try {
    return (await calls.call('readIdentity', { accountId, since })).history ?? []
  } catch (error) {
    if (error instanceof ProtocolError && error.retry === 'never') return []
    throw error
  }
}

/** Lists of this account under its pinned key; whatever else was told says nothing. */
function verifiedLists(
  { crypto }: AccountContext,
  { record }: Contact,
  history: readonly Uint8Array[],
): DeviceList[] {
  const account = idToBytes(record.accountId)
  return history.flatMap(bytes => {
    try {
      const list = verifyDeviceList(crypto, record.accountKey, bytes)
      return equalBytes(list.accountId, account) ? [list] : []
    } catch (error) {
      if (error instanceof CryptoError) return []
      throw error
    }
  })
}

/**
 * A device has turned up that the list of its account does not name. Who has met the account since knows of no earlier
 * list: they are asked for now. Answers whether one of them names a device that was not known of.
 */
export async function learnEarlierDevices(context: AccountContext, accountId: AccountId): Promise<boolean> {
  const { contacts, ledger } = context
  const met = contacts.get(accountId)
  if (met === undefined) return false
  const history = await readHistory(context, accountId, met.list.version)
  return ledger.transact(transaction => {
    const contact = contacts.get(accountId)
    if (contact === undefined) return false
    const { record, list } = contact
    const found = earlierDevices(record, verifiedLists(context, contact, history), list)
    if (found.length <= (record.earlierDevices ?? []).length) return false
    contacts.stage(transaction, { ...contact, record: { ...record, earlierDevices: found } })
    return true
  })
}
