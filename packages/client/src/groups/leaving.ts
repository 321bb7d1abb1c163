import { randomBytes } from '@entangle/crypto'
import { idToBytes, ProtocolError, readId } from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import type { GroupChat } from '../chats/chat-record.ts'
import type { Transaction } from '../store/ledger.ts'

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

/** Somebody left before, and of those who would stay nobody can know of it. */
export const isLastWhoKnows = (error: unknown): boolean =>
  error instanceof ProtocolError && error.code === 'CHAT_LEAVER_KEPT'

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
  const group = { ...chat.group, end: chat.group.end ?? end, unchecked: [], wanted: [], leaving: [] }
  chats.stage(transaction, { ...chat, group, conversation: { phase: 'ended', conversationId } })
}
