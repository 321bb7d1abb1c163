import { isManager, ProtocolError } from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import type { ChatId } from '../api/engine-api.ts'
import type { ChatRecord, GroupChat } from '../chats/chat-record.ts'
import { createRepeatable } from '../sync/repeatable.ts'
import { roleIn } from './group-record.ts'
import { inviteSnapshotKey, sealSnapshot } from './snapshot.ts'
import { stateForInvite } from './state.ts'

const isStale = (chat: ChatRecord | undefined): chat is GroupChat =>
  chat?.kind === 'group' && chat.group.staleInvites && chat.conversation.phase === 'active'

/**
 * Seals the group's present state for every open link whose secret is known, and has the server keep it: what a link
 * shows before anybody comes in by it.
 */
export async function writeInvites(context: AccountContext, chatId: ChatId): Promise<void> {
  const { calls, chats, diagnostics, ledger, self } = context
  const chat = chats.get(chatId)
  if (!isStale(chat) || chat.conversation.phase !== 'active') return
  const { conversationId } = chat.conversation
  const { data, state } = chat.group
  const open = isManager(roleIn(chat.group, self.accountId)) ? new Set(data.invites) : new Set()
  for (const { inviteId, secret } of state.invites.filter(invite => open.has(invite.inviteId))) {
    const place = { for: 'invite', conversationId, inviteId } as const
    const sealed = sealSnapshot(inviteSnapshotKey(inviteId, secret), place, stateForInvite(state, inviteId))
    try {
      await calls.call('writeInvite', { conversationId, inviteId, sealed })
    } catch (error) {
      // Closed meanwhile, or no manager any more: others look after it.
      if (!(error instanceof ProtocolError) || error.retry === 'later') throw error
      diagnostics.note('INVITE_NOT_WRITTEN', error)
    }
  }
  await ledger.transact(transaction => {
    const present = chats.get(chatId)
    if (!isStale(present) || present.group.state !== state || present.group.data !== data) return
    chats.stage(transaction, { ...present, group: { ...present.group, staleInvites: false } })
  })
}

/** Writes what links show anew whenever it is not the present state any more. */
export function createInviteKeeper(context: AccountContext) {
  const { changes, chats } = context
  const writing = createRepeatable(context, {
    code: 'INVITES_NOT_WRITTEN',
    work: async () => {
      for (const chat of chats.all()) if (isStale(chat)) await writeInvites(context, chat.id)
      return false
    },
  })
  const stopListening = changes.listen(({ chatId }) => {
    if (isStale(chats.get(chatId))) writing.want()
  })
  return {
    /** The connection is there. */
    connected: writing.want,
    stop(): void {
      stopListening()
      writing.stop()
    },
  }
}
export type InviteKeeper = ReturnType<typeof createInviteKeeper>
