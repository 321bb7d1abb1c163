import { type AccountId, isManager, type ManagedGroup, ProtocolError } from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import type { GroupChat } from '../chats/chat-record.ts'
import { type GroupRecord, heldBy, roleIn } from './group-record.ts'
import { inviteSnapshotKey, sealSnapshot } from './snapshot.ts'
import { stateForInvite } from './state.ts'

/** Links that are open and to stay so, and whose secret is known here. */
export const openInvites = ({ group }: GroupChat) =>
  group.state.invites.filter(
    ({ inviteId }) =>
      group.data.invites.includes(inviteId) && group.spentInvites?.includes(inviteId) !== true,
  )

/**
 * A member's account key had to be replaced, and whoever has the device that was stolen has the secrets of the links
 * too: none of today's stays open.
 */
export const withSpentInvites = (group: GroupRecord): GroupRecord =>
  group.data.invites.length === 0
    ? group
    : { ...group, spentInvites: group.data.invites, revision: group.revision + 1 }

/** The group data without the links that are spent, as far as it is this account's to close them. */
export function withoutSpentInvites(group: GroupRecord, self: AccountId, data: ManagedGroup): ManagedGroup {
  const spent = group.spentInvites ?? []
  if (spent.length === 0 || !isManager(roleIn(group, self))) return data
  return { ...data, invites: new Set([...data.invites].filter(inviteId => !spent.includes(inviteId))) }
}

/** Writes anew what the open links show, after this device has changed it. Answers whether that was due. */
export async function writeStaleInvites(context: AccountContext, chat: GroupChat): Promise<boolean> {
  const { calls, chats, ledger, self } = context
  const { conversation, group } = chat
  if (!group.staleInvites || conversation.phase !== 'active') return false
  const { conversationId } = conversation
  const isOurs = isManager(roleIn(group, self.accountId))
  for (const { inviteId, secret } of isOurs ? openInvites(chat) : []) {
    const place = { for: 'invite', conversationId, inviteId } as const
    const held = stateForInvite(heldBy(group), inviteId)
    const sealed = sealSnapshot(inviteSnapshotKey(inviteId, secret), place, held)
    try {
      await calls.call('writeInvite', { conversationId, inviteId, sealed })
    } catch (error) {
      // Revoked meanwhile, or no manager any more: somebody else's to write.
      if (!(error instanceof ProtocolError) || error.retry === 'later') throw error
    }
  }
  await ledger.transact(transaction => {
    const present = chats.get(chat.id)
    // What has changed meanwhile is written in another turn.
    if (present?.kind !== 'group' || present.group.state !== group.state) return
    chats.stage(transaction, { ...present, group: { ...present.group, staleInvites: false } })
  })
  return true
}
