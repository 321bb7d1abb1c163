import type { DeviceState, MemberLeaf } from '@entangle/crypto'
import { type AccountId, idToBytes } from '@entangle/protocol'
import type { Self } from '../account/context.ts'
import { equalBytes } from '../bytes.ts'
import type { ActiveConversation } from '../chats/chat-record.ts'
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
  if (contacts.isGone(accountId)) return true
  const list = contacts.get(accountId)?.list
  const device = idToBytes(deviceId)
  return list !== undefined && !list.entries.some(entry => equalBytes(entry.deviceId, device))
}

const MOST_PUT_OUT = 64

/**
 * Of the leaves that a commit takes out, those of devices that are in no list any more are remembered. One that goes
 * because its whole account leaves is not: whoever takes the account in again may not know yet that its list has lost
 * the device. It is then put out as any other, and remembered.
 */
export function withPutOut(
  conversation: ActiveConversation,
  removed: readonly Pick<MemberLeaf, 'credential'>[],
  known: Known & { readonly leavers: ReadonlySet<AccountId> },
): ActiveConversation {
  const out = removed
    .filter(leaf => !known.leavers.has(memberOf(leaf).accountId) && isFormer(known, leaf))
    .map(leaf => memberOf(leaf).deviceId)
  if (out.length === 0) return conversation
  const putOut = [...new Set([...(conversation.putOut ?? []), ...out])].slice(-MOST_PUT_OUT)
  return { ...conversation, putOut }
}

/**
 * Whether leaves have to be put out before anything is encrypted. In a large group that is a long look, and it is
 * needed only while something is due: whoever stores that devices have left a list notes it in the same write.
 */
export const mustSweepFirst = (
  mls: DeviceState,
  { commit, conversationId, strangers, sweepDueAt }: ActiveConversation,
  known: Known,
): boolean =>
  (strangers.length > 0 || sweepDueAt !== null || commit !== null) &&
  mls.groupMembers(idToBytes(conversationId)).some(leaf => isFormer(known, leaf))
