import type { DeviceState } from '@entangle/crypto'
import type { GroupState } from '@entangle/protocol'
import { idToBytes } from '@entangle/protocol'
import type { GroupChat } from '../chats/chat-record.ts'
import type { CheckedTree } from '../conversations/tree-check.ts'
import { alignedGroup } from './epoch.ts'
import { accountsIn, managedIn } from './membership.ts'

/** Part of a transaction: secrets of links by which others may come in; who lacks one cannot follow them. */
export function storeLinkSecrets(mls: DeviceState, { invites }: Pick<GroupState, 'invites'>): void {
  for (const { inviteId, secret } of invites) mls.storePreSharedKey(idToBytes(inviteId), secret)
}

/** A group that this device has come into, as its tree has it. */
export function enteredGroup(
  mls: DeviceState,
  chat: GroupChat,
  { unchecked }: Pick<CheckedTree, 'unchecked'>,
): GroupChat {
  const { conversation, group } = chat
  if (conversation.phase === 'none') return chat
  const { conversationId } = conversation
  const data = managedIn(mls, conversationId)
  if (data === undefined) return chat
  storeLinkSecrets(mls, group.state)
  const members = accountsIn(mls, conversationId)
  return {
    ...chat,
    group: {
      ...alignedGroup(group, { members, data }),
      mayMissLeavers: true,
      unchecked,
      end: null,
      revision: group.revision + 1,
    },
  }
}
