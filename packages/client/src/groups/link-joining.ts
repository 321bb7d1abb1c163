import { ProtocolError } from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import type { ChatId } from '../api/engine-api.ts'
import { engineFailure } from '../api/failures.ts'
import { type GroupChat, groupChatId, newGroupChat } from '../chats/chat-record.ts'
import { conversationFrom, type Entered, enterFromOutside, stageRow } from '../conversations/rejoining.ts'
import { type CheckedTree, checkTree } from '../conversations/tree-check.ts'
import type { Transaction } from '../store/ledger.ts'
import { enteredGroup } from './entering-group.ts'
import { newGroup } from './group-record.ts'
import { type OpenInvite, openInvite } from './link-reading.ts'

/** Lost races against others who come in or commit at the same moment. */
const ATTEMPTS = 5

async function stageArrival(
  context: AccountContext,
  transaction: Transaction,
  invite: OpenInvite,
  tree: CheckedTree,
  entered: Entered,
): Promise<void> {
  const { chats, clock, self } = context
  const { answer, held, inviter } = invite
  const { conversationId } = answer
  const known = chats.get(groupChatId(conversationId))
  const fresh = newGroup(held.state, inviter)
  const base: GroupChat =
    known?.kind === 'group'
      ? { ...known, group: { ...fresh, revision: known.group.revision } }
      : newGroupChat(conversationId, fresh, 'accepted', clock.now())
  const conversation = conversationFrom(context, transaction, conversationId, tree, entered.seq)
  const group = { ...base.group, stateAt: held.at }
  const chat = enteredGroup(
    transaction.mls,
    { ...base, group, conversation, standing: 'accepted', hidden: false, warning: null, suspect: null },
    tree,
  )
  chats.stage(
    transaction,
    await stageRow(context, transaction, chat, {
      seq: entered.seq,
      id: entered.messageId,
      from: self.accountId,
      own: true,
      time: entered.serverTime,
      content: { kind: 'notice', notice: { kind: 'joined-by-link' } },
    }),
  )
}

async function enter(context: AccountContext, invite: OpenInvite): Promise<ChatId> {
  const { answer, link, inviter } = invite
  const { conversationId, epoch } = answer
  const tree = await checkTree(context, answer, {
    conversationId: answer.conversationId,
    kind: 'group',
    first: inviter ?? undefined,
  })
  await enterFromOutside(context, { conversationId, epoch, tree: answer, link }, (transaction, entered) =>
    stageArrival(context, transaction, invite, tree, entered),
  )
  return groupChatId(conversationId)
}

/** Comes in by a link; answers with the chat, also where this account is a member already. */
export async function joinByLink(context: AccountContext, text: string): Promise<ChatId> {
  const { chats, self } = context
  for (let attempt = 1; ; attempt++) {
    const invite = await openInvite(context, text)
    const chatId = groupChatId(invite.answer.conversationId)
    if (invite.members.has(self.accountId)) {
      // On its way in by itself, as a device of a member.
      if (chats.get(chatId) !== undefined) return chatId
      throw engineFailure('ENGINE_STARTING')
    }
    try {
      return await enter(context, invite)
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      if (error.code === 'CHAT_INVITE_INVALID') throw engineFailure('ENGINE_INVITE_INVALID')
      if (error.code !== 'CHAT_EPOCH_STALE' || attempt === ATTEMPTS) throw error
    }
  }
}
