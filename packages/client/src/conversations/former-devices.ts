import type { DeviceState, MemberLeaf } from '@entangle/crypto'
import { type ConversationId, idToBytes } from '@entangle/protocol'
import type { Self } from '../account/context.ts'
import { equalBytes } from '../bytes.ts'
import type { ContactBook } from '../identity/contact-book.ts'
import { memberOf } from '../identity/leaf-check.ts'

type Known = { readonly self: Self; readonly contacts: ContactBook }

/**
 * Whether the newest list that was verified here does not name the device of this leaf: it was removed, or it
 * never belonged. Without a list there is nothing to say. This very device is judged by nobody but the others.
 */
export function isFormer({ self, contacts }: Known, leaf: Pick<MemberLeaf, 'credential'>): boolean {
  const { accountId, deviceId } = memberOf(leaf)
  if (deviceId === self.deviceId) return false
  const list = contacts.get(accountId)?.list
  const device = idToBytes(deviceId)
  return list !== undefined && !list.entries.some(entry => equalBytes(entry.deviceId, device))
}

/** Leaves of devices that are out of their account's list and have to be put out of the conversation. */
export const formerDevices = (
  mls: DeviceState,
  conversationId: ConversationId,
  known: Known,
): readonly MemberLeaf[] => mls.groupMembers(idToBytes(conversationId)).filter(leaf => isFormer(known, leaf))
