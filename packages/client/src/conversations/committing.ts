import { type CommitBundle, type DeviceState, randomBytes } from '@entangle/crypto'
import { idToBytes, type MessageId, ProtocolError, readId } from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import { between } from '../account/timing.ts'
import type { ChatId } from '../api/engine-api.ts'
import type { ActiveConversation, ChatRecord, PendingCommit } from '../chats/chat-record.ts'
import { heldBy } from '../groups/group-record.ts'
import { leaversOf } from '../groups/membership.ts'
import { pendingSnapshotKey, sealSnapshot } from '../groups/snapshot.ts'
import { type ActiveChat, type Intent, isEmpty, NO_INTENT, type Plan, planCommit } from './commit-plan.ts'

async function change(
  { chats, ledger }: AccountContext,
  chatId: ChatId,
  edit: (chat: ActiveChat, mls: DeviceState) => ActiveConversation | undefined,
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

function snapshotFor(
  chat: ActiveChat,
  mls: DeviceState,
  { add }: Plan,
  { newEpoch }: CommitBundle,
): PendingCommit['snapshot'] {
  if (chat.kind === 'direct' || add.length === 0) return null
  const { conversationId } = chat.conversation
  const place = { for: 'joiner', conversationId, epoch: Number(newEpoch) } as const
  const held = heldBy(chat.group)
  return {
    sealed: sealSnapshot(pendingSnapshotKey(mls, conversationId), place, held),
    state: held.state,
  }
}

function build(chat: ActiveChat, mls: DeviceState, plan: Plan): PendingCommit {
  const { add, remove, proposals, groupData } = plan
  const groupId = idToBytes(chat.conversation.conversationId)
  const epoch = Number(mls.groupStatus(groupId)?.epoch ?? 0)
  const bundle = mls.commit(groupId, {
    ...(add.length === 0 ? {} : { add: add.map(({ keyPackage }) => keyPackage) }),
    ...(remove.length === 0 ? {} : { remove }),
    ...(proposals.length === 0 ? {} : { proposals }),
    ...(groupData === undefined ? {} : { groupData }),
  })
  return {
    messageId: readId(randomBytes(16)),
    epoch,
    commit: bundle.commit,
    groupInfo: bundle.groupInfo,
    welcomes: add.flatMap(({ deviceId }, index) => {
      const welcome = bundle.welcomes[index]?.welcome
      return welcome === undefined ? [] : [{ deviceId, welcome }]
    }),
    snapshot: snapshotFor(chat, mls, plan, bundle),
  }
}

/** Of ourselves, on another device, that is on its way out: nothing is committed any more. */
const isLeaving = ({ self }: AccountContext, chat: ChatRecord): boolean =>
  chat.kind === 'group' && leaversOf(chat.group).has(self.accountId)

/**
 * Builds a commit that gives this device a new leaf key and puts out devices that are in no list any more, if
 * either is due. It stays pending until the log brings it back.
 */
export const buildUpkeep = (context: AccountContext, chatId: ChatId): Promise<void> =>
  change(context, chatId, (chat, mls) => {
    const { conversation } = chat
    if (conversation.commit !== null || isLeaving(context, chat)) return undefined
    const isUpdateDue = conversation.updateDueAt !== null && conversation.updateDueAt <= context.clock.now()
    const plan = planCommit(context, chat, mls, NO_INTENT)
    if (isEmpty(plan) && !isUpdateDue) return { ...conversation, sweepDueAt: null }
    return { ...conversation, updateDueAt: null, sweepDueAt: null, commit: build(chat, mls, plan) }
  })

/**
 * The same with what somebody wants. Answers with the id under which the commit comes back in the log; undefined
 * when nothing is left to do.
 */
export async function buildWanted(
  context: AccountContext,
  chatId: ChatId,
  intent: Intent,
): Promise<MessageId | undefined> {
  let staged: MessageId | undefined
  await change(context, chatId, (chat, mls) => {
    const { conversation } = chat
    if (conversation.commit !== null) throw new ProtocolError('CHAT_EPOCH_STALE')
    const plan = planCommit(context, chat, mls, intent)
    if (isEmpty(plan)) return undefined
    const commit = build(chat, mls, plan)
    staged = commit.messageId
    return { ...conversation, updateDueAt: null, sweepDueAt: null, commit }
  })
  return staged
}

export type Submission =
  | { readonly outcome: 'accepted'; readonly seq: number }
  | { readonly outcome: 'refused'; readonly error: ProtocolError }
  | { readonly outcome: 'nothing-to-do' }

/** Refusals that the state of the group has brought about: built anew after reading the log, it may pass. */
export const isOutrun = ({ code }: ProtocolError): boolean =>
  code === 'CHAT_EPOCH_STALE' || code === 'CHAT_LEAVER_KEPT'

/** Asks the server for its word on the pending commit; a refused one is dropped. */
export async function submitPendingCommit(context: AccountContext, chatId: ChatId): Promise<Submission> {
  const { calls, chats, clock, timing, diagnostics } = context
  const conversation = chats.get(chatId)?.conversation
  if (conversation?.phase !== 'active' || conversation.commit === null) return { outcome: 'nothing-to-do' }
  const { conversationId } = conversation
  const { messageId, epoch, commit, groupInfo, welcomes, snapshot } = conversation.commit
  try {
    const { seq } = await calls.call('submitCommit', {
      conversationId,
      messageId,
      epoch,
      commit,
      groupInfo,
      welcomes: [...welcomes],
      ...(snapshot === null ? {} : { snapshot: snapshot.sealed }),
    })
    return { outcome: 'accepted', seq }
  } catch (error) {
    if (!(error instanceof ProtocolError) || error.retry === 'later') throw error
    diagnostics.note('COMMIT_REFUSED', error.code)
    await change(context, chatId, ({ conversation: present }, mls) => {
      if (present.commit?.messageId !== messageId) return undefined
      mls.clearPendingCommit(idToBytes(conversationId))
      const again = isOutrun(error)
      const later = clock.now() + between(timing.selfUpdate, clock.random())
      return {
        ...present,
        commit: null,
        // Whatever it was for: a sweep that finds nothing left to do commits nothing.
        sweepDueAt: again ? clock.now() : later,
        updateDueAt: again ? later : null,
      }
    })
    return { outcome: 'refused', error }
  }
}
