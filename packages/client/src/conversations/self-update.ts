import { randomBytes } from '@entangle/crypto'
import { idToBytes, ProtocolError, readId } from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import { between } from '../account/timing.ts'
import type { ChatId } from '../api/engine-api.ts'
import type { ActiveConversation, ChatRecord } from '../chats/chat-record.ts'
import { formerDevices } from './former-devices.ts'

async function change(
  { chats, ledger }: AccountContext,
  chatId: ChatId,
  edit: (
    chat: ChatRecord & { conversation: ActiveConversation },
    mls: Parameters<Parameters<typeof ledger.transact>[0]>[0]['mls'],
  ) => ActiveConversation | undefined,
): Promise<void> {
  await ledger.transact(async transaction => {
    const chat = chats.get(chatId)
    if (chat?.conversation.phase !== 'active') return
    await transaction.openGroup(chat.conversation.conversationId)
    const conversation = edit({ ...chat, conversation: chat.conversation }, transaction.mls)
    if (conversation !== undefined) chats.stage(transaction, { ...chat, conversation })
  })
}

/** When this device has to look after the group, or null. */
export const upkeepDueAt = ({ updateDueAt, sweepDueAt }: ActiveConversation): number | null =>
  updateDueAt === null || sweepDueAt === null
    ? (updateDueAt ?? sweepDueAt)
    : Math.min(updateDueAt, sweepDueAt)

/**
 * Builds a commit that gives this device a new leaf key and puts out devices that are in no list any more, if
 * either is due. It stays pending until the log brings it back.
 */
export const buildUpkeep = (context: AccountContext, chatId: ChatId): Promise<void> =>
  change(context, chatId, ({ conversation }, mls) => {
    if (conversation.commit !== null) return undefined
    const isUpdateDue = conversation.updateDueAt !== null && conversation.updateDueAt <= context.clock.now()
    const groupId = idToBytes(conversation.conversationId)
    const former = formerDevices(mls, conversation.conversationId, context)
    if (former.length === 0 && !isUpdateDue) return { ...conversation, sweepDueAt: null }
    const epoch = Number(mls.groupStatus(groupId)?.epoch ?? 0)
    const remove = former.map(leaf => leaf.leafIndex)
    const bundle = mls.commit(groupId, remove.length === 0 ? {} : { remove })
    return {
      ...conversation,
      updateDueAt: null,
      sweepDueAt: null,
      commit: {
        messageId: readId(randomBytes(16)),
        epoch,
        commit: bundle.commit,
        groupInfo: bundle.groupInfo,
      },
    }
  })

/** Resolves with the commit's place once the server has accepted it; undefined when it was refused. */
export async function submitPendingCommit(
  context: AccountContext,
  chatId: ChatId,
): Promise<number | undefined> {
  const { calls, chats, clock, timing, diagnostics } = context
  const conversation = chats.get(chatId)?.conversation
  if (conversation?.phase !== 'active' || conversation.commit === null) return undefined
  const { conversationId } = conversation
  const { messageId, epoch, commit, groupInfo } = conversation.commit
  try {
    const accepted = await calls.call('submitCommit', {
      conversationId,
      messageId,
      epoch,
      commit,
      groupInfo,
      welcomes: [],
    })
    return accepted.seq
  } catch (error) {
    if (!(error instanceof ProtocolError) || error.retry === 'later') throw error
    diagnostics.note('COMMIT_REFUSED', error.code)
    await change(context, chatId, ({ conversation: present }, mls) => {
      if (present.commit?.messageId !== messageId) return undefined
      mls.clearPendingCommit(idToBytes(conversationId))
      const again = error.code === 'CHAT_EPOCH_STALE'
      const later = clock.now() + between(timing.selfUpdate, clock.random())
      return {
        ...present,
        commit: null,
        // Whatever it was for: a sweep that finds nothing left to do commits nothing.
        sweepDueAt: again ? clock.now() : later,
        updateDueAt: again ? later : null,
      }
    })
    return undefined
  }
}
