import { type CommitBundle, randomBytes } from '@entangle/crypto'
import {
  type ConversationId,
  type InviteId,
  idToBytes,
  type MessageId,
  ProtocolError,
  readId,
} from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import type { ChatId } from '../api/engine-api.ts'
import { equalBytes } from '../bytes.ts'
import {
  type ActiveConversation,
  type ChatRecord,
  type ConversationState,
  type GroupChat,
  peerOf,
} from '../chats/chat-record.ts'
import { previewOf } from '../chats/preview.ts'
import { stageStateRequest } from '../groups/asking.ts'
import { enteredGroup } from '../groups/entering-group.ts'
import { isUntold } from '../groups/state.ts'
import { vouchersFor } from '../groups/vouching.ts'
import { openScratchState } from '../identity/scratch-state.ts'
import { NetworkError } from '../ports/transport.ts'
import type { Transaction } from '../store/ledger.ts'
import type { MessageRecord } from '../timeline/message-record.ts'
import { doubtChat } from './doubt.ts'
import type { InboxEvent } from './draft.ts'
import { exportEpochKeys } from './epoch-keys.ts'
import { nextRenewal } from './self-update.ts'
import { beginTranscript } from './transcript.ts'
import { type CheckedTree, fetchTree, isTreeSound, type Tree } from './tree-check.ts'
import { withoutOldWarning } from './warning.ts'

export type Entrance = {
  readonly conversationId: ConversationId
  readonly epoch: number
  readonly tree: Tree
  readonly link?: { readonly inviteId: InviteId; readonly secret: Uint8Array }
}

export type Entered = {
  readonly seq: number
  readonly messageId: MessageId
  readonly serverTime: number
}

/**
 * Enters a conversation by an external commit. It is built on a scratch state and stored only once the server has
 * accepted it; if that is lost in between, the next attempt takes the same place again.
 */
export async function enterFromOutside(
  context: AccountContext,
  { conversationId, epoch, tree, link }: Entrance,
  store: (transaction: Transaction, entered: Entered) => Promise<void>,
): Promise<Entered> {
  const { calls, ledger, self } = context
  const scratch = await openScratchState(context.crypto, context.records)
  try {
    const { signatureKey, credential } = self
    const preSharedKeyId = link && idToBytes(link.inviteId)
    if (link !== undefined && preSharedKeyId !== undefined) {
      scratch.storePreSharedKey(preSharedKeyId, link.secret)
    }
    const bundle: CommitBundle = scratch.joinByExternalCommit({
      signatureKey,
      credential,
      groupInfo: tree.groupInfo,
      ratchetTree: tree.ratchetTree,
      ...(preSharedKeyId === undefined ? {} : { preSharedKeyId }),
    })
    const messageId: MessageId = readId(randomBytes(16))
    const { seq, serverTime } = await calls.call('submitCommit', {
      conversationId,
      messageId,
      epoch,
      commit: bundle.commit,
      groupInfo: bundle.groupInfo,
      welcomes: [],
      ...(link === undefined ? {} : { invite: link.inviteId }),
    })
    const entered = { seq, messageId, serverTime }
    await ledger.transact(async transaction => {
      transaction.adopt(scratch.takeChanges())
      await store(transaction, entered)
    })
    return entered
  } finally {
    scratch.close()
  }
}

/** The conversation of a device that has just come in by its own commit. */
export function conversationFrom(
  context: AccountContext,
  { mls }: Transaction,
  conversationId: ConversationId,
  { strangers }: Pick<CheckedTree, 'strangers'>,
  seq: number,
): ActiveConversation {
  const status = mls.groupStatus(idToBytes(conversationId))
  if (status === null) throw new TypeError('the joined group is not in the state')
  return {
    phase: 'active',
    conversationId,
    cursor: seq,
    keys: [exportEpochKeys(mls, status)],
    commit: null,
    updateDueAt: nextRenewal(context),
    // Whoever has left a list since the tree was checked is in it as well.
    sweepDueAt: context.clock.now(),
    strangers,
    transcript: beginTranscript(seq),
  }
}

/** Part of a transaction: a row that tells of something at a place of the log. */
export async function stageRow<Chat extends ChatRecord>(
  { archive, log }: AccountContext,
  transaction: Transaction,
  chat: Chat,
  message: MessageRecord,
): Promise<Chat> {
  const { conversation, id } = chat
  const tail = await log.append(transaction, chat, [message])
  if (conversation.phase !== 'none') archive.stage(transaction, conversation.conversationId, id, [message])
  return { ...chat, tail, last: previewOf(message) }
}

const repairedRow = ({ self }: AccountContext, { seq, messageId, serverTime }: Entered): MessageRecord => ({
  seq,
  id: messageId,
  from: self.accountId,
  own: true,
  time: serverTime,
  content: { kind: 'notice', notice: { kind: 'repaired' } },
})

/** A group of before would be one without the others, or with those who were put out since. */
async function assertReached(
  context: AccountContext,
  chatId: ChatId,
  { reached }: Extract<ConversationState, { phase: 'awaited' }>,
  { epoch, lastSeq }: { readonly epoch: number; readonly lastSeq: number },
): Promise<void> {
  if (reached === undefined || (epoch >= reached.epoch && lastSeq >= reached.seq)) return
  await doubtChat(context, chatId, 'SHORTENED')
  throw new NetworkError('the group is older than what this device has reached')
}

/** Of a group that was known before, somebody who was known has to vouch; what was changed meanwhile nobody else may tell. */
function enteredAgain(
  { self }: AccountContext,
  { mls }: Transaction,
  chat: GroupChat,
  tree: CheckedTree,
): GroupChat {
  const vouchers = vouchersFor(chat.group, self.accountId, tree.signer)
  const entered = enteredGroup(mls, chat, tree)
  const mayBeOutdated = !isUntold({ at: entered.group.stateAt })
  return { ...entered, group: { ...entered.group, vouchers, mayBeOutdated } }
}

/**
 * A device of this account that is not in the tree comes in by itself: a new one, or one that could not follow the
 * others any more. Answers with the commit's place in the log.
 */
export async function rejoin(context: AccountContext, chatId: ChatId): Promise<number | undefined> {
  const { archive, chats } = context
  const chat = chats.get(chatId)
  if (chat?.conversation.phase !== 'awaited') return undefined
  const { conversationId } = chat.conversation
  const tree = await fetchTree(context, conversationId, {
    kind: chat.kind,
    first: peerOf(chat)?.accountId,
  })
  const { epoch } = tree
  await assertReached(context, chat.id, chat.conversation, tree)
  const { seq } = await enterFromOutside(
    context,
    { conversationId, epoch, tree },
    async (transaction, entered) => {
      const present = chats.get(chatId)
      if (present?.conversation.phase !== 'awaited') throw new ProtocolError('CHAT_EPOCH_STALE')
      archive.expect(transaction, present, entered.seq)
      const conversation = conversationFrom(context, transaction, conversationId, tree, entered.seq)
      const entering = withoutOldWarning(present, entered.seq)
      const inside: ChatRecord = {
        ...(entering.kind === 'direct' ? entering : enteredAgain(context, transaction, entering, tree)),
        conversation,
      }
      if (inside.kind === 'group' && inside.group.mayBeOutdated === true) {
        stageStateRequest(context, transaction, chatId)
      }
      const mends = present.conversation.mends === true
      chats.stage(
        transaction,
        mends ? await stageRow(context, transaction, inside, repairedRow(context, entered)) : inside,
      )
    },
  )
  return seq
}

/** Whether the log has these very events. */
async function isInLog(
  { calls }: AccountContext,
  conversationId: ConversationId,
  events: readonly InboxEvent[],
): Promise<boolean> {
  const [first] = events
  if (first === undefined) return false
  const page = await calls.call('readEvents', { conversationId, after: first.seq - 1, limit: events.length })
  const bodies = new Map(page.events.map(({ seq, body }) => [seq, body]))
  return events.every(event => {
    const body = bodies.get(event.seq)
    return body !== undefined && (event.kind === 'accepted' || equalBytes(event.body, body))
  })
}

/**
 * A commit adds a device that no list names. Answers whether the log has it too and the device is out again: in the
 * group of today everybody is listed. Then it may be followed, as long as nothing is sent before that is reached.
 */
export async function isSoundToday(
  context: AccountContext,
  chatId: ChatId,
  events: readonly InboxEvent[],
): Promise<boolean> {
  const chat = context.chats.get(chatId)
  if (chat?.conversation.phase !== 'active') return false
  const { conversationId } = chat.conversation
  return (await isInLog(context, conversationId, events)) && isTreeSound(context, conversationId, chat.kind)
}
