import { randomBytes } from '@entangle/crypto'
import { idToBytes, namedLeavers, ProtocolError, readId } from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import type { ChatId } from '../api/engine-api.ts'
import type { GroupChat } from '../chats/chat-record.ts'
import type { Transaction } from '../store/ledger.ts'
import { leaversOf } from './membership.ts'

/**
 * Says that this account leaves. The proposal comes back in the log as the last event that this account reads.
 * Throws CHAT_EPOCH_STALE when the group has moved on meanwhile, CHAT_LEAVER_KEPT when somebody has to be put out first.
 */
export async function proposeToLeave(context: AccountContext, chat: GroupChat): Promise<void> {
  const { conversation } = chat
  if (conversation.phase !== 'active') return
  const { calls, ledger } = context
  const { conversationId } = conversation
  const groupId = idToBytes(conversationId)
  const made = await ledger.transact(async transaction => {
    await transaction.openGroup(conversationId)
    const epoch = Number(transaction.mls.groupStatus(groupId)?.epoch ?? 0)
    return { epoch, proposal: transaction.mls.proposeSelfRemove(groupId) }
  })
  await calls.call('leaveConversation', { conversationId, messageId: readId(randomBytes(16)), ...made })
}

/** Somebody left before and is in the tree still: of a leave, that nobody who would stay can know of it. */
export const isLeaverKept = (error: unknown): boolean =>
  error instanceof ProtocolError && error.code === 'CHAT_LEAVER_KEPT'

/**
 * A commit was refused because somebody has left. A device that came in by itself since cannot know of it, and where
 * nobody is left who does, no commit of its could ever pass: so it takes the server's word for whom. Others follow as
 * they know of it or came in by themselves too; whoever does neither was lied to, and sees a breach (P74). Answers with
 * whether there is anybody to take out now.
 */
export async function believeNamedLeavers(
  { chats, ledger, self }: AccountContext,
  chatId: ChatId,
  refusal: ProtocolError,
): Promise<boolean> {
  const named = namedLeavers(refusal)
  return ledger.transact(async transaction => {
    const chat = chats.get(chatId)
    if (chat?.kind !== 'group' || !chat.group.mayMissLeavers) return false
    const known = leaversOf(chat.group)
    const news = named.filter(
      accountId =>
        accountId !== self.accountId && chat.group.members.includes(accountId) && !known.has(accountId),
    )
    if (news.length === 0) return false
    const saidToLeave = [...(chat.group.saidToLeave ?? []), ...news]
    chats.stage(transaction, { ...chat, group: { ...chat.group, saidToLeave } })
    return true
  })
}

/** The account is out, and its log cannot be read to the place where it went. */
export const isOutAlready = (error: unknown): boolean =>
  error instanceof ProtocolError &&
  (error.code === 'CHAT_NOT_MEMBER' || error.code === 'CHAT_CONVERSATION_NOT_FOUND')

/** Part of a transaction: what was said stays readable, nothing is said any more. */
export async function stageEnd(
  { chats }: Pick<AccountContext, 'chats'>,
  transaction: Transaction,
  chat: GroupChat,
  end: 'left' | 'removed',
): Promise<void> {
  if (chat.conversation.phase === 'none') return
  const { conversationId } = chat.conversation
  await transaction.openGroup(conversationId)
  if (transaction.mls.groupStatus(idToBytes(conversationId)) !== null) {
    transaction.mls.deleteGroup(idToBytes(conversationId))
  }
  const group = {
    ...chat.group,
    end: chat.group.end ?? end,
    unchecked: [],
    wanted: [],
    leaving: [],
    saidToLeave: [],
  }
  chats.stage(transaction, { ...chat, group, conversation: { phase: 'ended', conversationId } })
}
