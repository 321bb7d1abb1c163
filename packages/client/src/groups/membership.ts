import type { DeviceState, MemberLeaf } from '@entangle/crypto'
import {
  type AccountId,
  type ConversationId,
  type GroupData,
  idToBytes,
  type ManagedGroup,
  parseGroupData,
} from '@entangle/protocol'
import { memberOf } from '../identity/leaf-check.ts'
import type { GroupRecord } from './group-record.ts'

/** In a larger group the members' identities are checked after this device has come in. */
export const CHECKED_AT_ONCE = 64

export const accountsOf = (leaves: Iterable<Pick<MemberLeaf, 'credential'>>): Set<AccountId> => {
  const accounts = new Set<AccountId>()
  for (const leaf of leaves) accounts.add(memberOf(leaf).accountId)
  return accounts
}

export const accountsIn = (mls: DeviceState, conversationId: ConversationId): Set<AccountId> =>
  accountsOf(mls.groupMembers(idToBytes(conversationId)))

/** Undefined where the group has none that this version knows. */
export const groupDataIn = (mls: DeviceState, conversationId: ConversationId): GroupData | undefined => {
  const bytes = mls.groupStatus(idToBytes(conversationId))?.groupData ?? null
  return bytes === null ? undefined : parseGroupData(bytes)
}

/** Of a group; undefined for anything else. */
export const managedIn = (mls: DeviceState, conversationId: ConversationId): ManagedGroup | undefined => {
  const data = groupDataIn(mls, conversationId)
  return data?.kind === 'group' ? data : undefined
}

/** Accounts that leave and are still in the tree. */
export const leaversOf = ({
  leaving,
  saidToLeave = [],
}: Pick<GroupRecord, 'leaving' | 'saidToLeave'>): Set<AccountId> =>
  new Set([...leaving.map(({ accountId }) => accountId), ...saidToLeave])

/** SelfRemove messages to which a commit of this epoch may refer. */
export const heldProposals = ({ leaving }: Pick<GroupRecord, 'leaving'>, epoch: number): Uint8Array[] =>
  leaving.flatMap(leaver => (leaver.epoch === epoch && leaver.proposal !== null ? [leaver.proposal] : []))
