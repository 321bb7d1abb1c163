import { type AccountId, ProtocolError } from '@entangle/protocol'
import type { KeyDirectory, ListedDevice } from '../ports/key-directory.ts'
import type { GroupMember } from './public-groups.ts'

export const accountsOf = (members: readonly GroupMember[]): AccountId[] => [
  ...new Set(members.map(member => member.accountId)),
]

/** Whether the device is in its account's list today. */
export const isListed = (listed: ListedDevice | undefined, accountId: AccountId): listed is ListedDevice =>
  listed !== undefined && !listed.revoked && listed.accountId === accountId

/**
 * A leaf claims an account and a device. It is believed only if the directory lists that device, for that
 * account, with the very key that signs for the leaf. Throws CHAT_PEER_GONE, CHAT_COMMIT_INVALID.
 */
export async function assertListedMembers(
  directory: KeyDirectory,
  members: readonly GroupMember[],
): Promise<void> {
  const deleted = await directory.findDeletedAccounts(accountsOf(members))
  if (deleted.size > 0) throw new ProtocolError('CHAT_PEER_GONE')
  const devices = await directory.findDevices(members.map(member => member.deviceId))
  for (const member of members) {
    const listed = devices.get(member.deviceId)
    const fits =
      isListed(listed, member.accountId) &&
      Buffer.from(listed.signatureKey).equals(Buffer.from(member.signatureKey))
    if (!fits) throw new ProtocolError('CHAT_COMMIT_INVALID')
  }
}

/** Each joiner gets exactly one Welcome, and nobody else does. Throws CHAT_COMMIT_INVALID. */
export function assertWelcomesFit(
  joiners: readonly GroupMember[],
  welcomes: readonly { readonly deviceId: string }[],
): void {
  const expected = new Set<string>(joiners.map(joiner => joiner.deviceId))
  const given = new Set(welcomes.map(welcome => welcome.deviceId))
  const fits =
    expected.size === joiners.length &&
    given.size === welcomes.length &&
    given.size === expected.size &&
    [...given].every(deviceId => expected.has(deviceId))
  if (!fits) throw new ProtocolError('CHAT_COMMIT_INVALID')
}
