import type { DeviceState, MemberLeaf } from '@entangle/crypto'
import { type AccountId, encodeGroupData, idToBytes, type ManagedGroup, prunedData } from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import { equalBytes } from '../bytes.ts'
import type { ActiveConversation, ChatRecord } from '../chats/chat-record.ts'
import { withoutSpentInvites } from '../groups/invites.ts'
import { accountsOf, groupDataIn, heldProposals, leaversOf } from '../groups/membership.ts'
import { memberOf } from '../identity/leaf-check.ts'
import type { Joiner } from './claiming.ts'
import { isFormer } from './former-devices.ts'

export type ActiveChat = ChatRecord & { readonly conversation: ActiveConversation }

/** What somebody wants of a commit, beside what every commit does for the group. */
export type Intent = {
  readonly joiners: readonly Joiner[]
  /** Accounts whose every leaf goes. */
  readonly remove: ReadonlySet<AccountId>
  readonly data: (data: ManagedGroup) => ManagedGroup
}

export const NO_INTENT: Intent = { joiners: [], remove: new Set(), data: data => data }

export type Plan = {
  readonly add: readonly Joiner[]
  readonly remove: readonly number[]
  readonly proposals: readonly Uint8Array[]
  readonly groupData: Uint8Array | undefined
}

/** Leaves that go by a Remove: of those who leave, unless their proposal does it, of former devices, and as wanted. */
function leavesToRemove(
  context: AccountContext,
  chat: ActiveChat,
  leaves: readonly MemberLeaf[],
  epoch: number,
  intent: Intent,
): MemberLeaf[] {
  const group = chat.kind === 'group' ? chat.group : { leaving: [] }
  const leavers = leaversOf(group)
  const byProposal = new Set(
    group.leaving.filter(leaver => leaver.epoch === epoch && leaver.proposal !== null).map(l => l.deviceId),
  )
  return leaves.filter(leaf => {
    const { accountId, deviceId } = memberOf(leaf)
    if (leavers.has(accountId)) return !byProposal.has(deviceId)
    return intent.remove.has(accountId) || isFormer(context, leaf)
  })
}

/** One way for all commits: whatever it is for, it takes out who leaves and whose device is out of its list. */
export function planCommit(
  context: AccountContext,
  chat: ActiveChat,
  mls: DeviceState,
  intent: Intent,
): Plan {
  const { conversationId } = chat.conversation
  const groupId = idToBytes(conversationId)
  const leaves = mls.groupMembers(groupId)
  const status = mls.groupStatus(groupId)
  const epoch = Number(status?.epoch ?? 0)
  const present = new Set(leaves.map(leaf => memberOf(leaf).deviceId))
  const add = intent.joiners.filter(({ deviceId }) => !present.has(deviceId))
  const gone = leavesToRemove(context, chat, leaves, epoch, intent)
  const proposals = chat.kind === 'group' ? heldProposals(chat.group, epoch) : []
  const remove = gone.map(leaf => leaf.leafIndex)
  const plan = { add, remove, proposals, groupData: undefined }
  const data = groupDataIn(mls, conversationId)
  if (chat.kind === 'direct' || data?.kind !== 'group') return plan
  const leavers = leaversOf(chat.group)
  const stay = leaves.filter(leaf => !gone.includes(leaf) && !leavers.has(memberOf(leaf).accountId))
  const members = new Set([...accountsOf(stay), ...add.map(({ accountId }) => accountId)])
  const open = withoutSpentInvites(chat.group, context.self.accountId, intent.data(data))
  const wanted = encodeGroupData(prunedData(open, members))
  const isSame = equalBytes(wanted, encodeGroupData(data))
  return { ...plan, groupData: isSame ? undefined : wanted }
}

export const isEmpty = ({ add, remove, proposals, groupData }: Plan): boolean =>
  add.length === 0 && remove.length === 0 && proposals.length === 0 && groupData === undefined
