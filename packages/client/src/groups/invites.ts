import { isManager, ProtocolError } from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import type { GroupChat } from '../chats/chat-record.ts'
import { heldBy, roleIn } from './group-record.ts'
import { inviteSnapshotKey, sealSnapshot } from './snapshot.ts'
import { stateForInvite } from './state.ts'

/** Links that are open and whose secret is known here. */
export const openInvites = ({ group }: GroupChat) =>
  group.state.invites.filter(({ inviteId }) => group.data.invites.includes(inviteId))

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
