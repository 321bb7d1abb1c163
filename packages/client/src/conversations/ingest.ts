import type { StagedCommitMessage } from '@entangle/crypto'
import { type AccountId, idToBytes, type LogEvent } from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import type { ChatId } from '../api/engine-api.ts'
import type { ConversationState } from '../chats/chat-record.ts'
import { noteLeaver } from '../groups/epoch.ts'
import { heldProposals, leaversOf } from '../groups/membership.ts'
import { stageDifference } from '../groups/telling.ts'
import { vouch, vouchSoon } from '../groups/vouching.ts'
import { memberOf } from '../identity/leaf-check.ts'
import { assertCommit, membershipOf } from './commit-check.ts'
import { asLogged, type Draft, type InboxEvent, keepOnce, type Room, type Trust } from './draft.ts'
import { dropPendingCommit, enterEpoch, leaveGroup } from './epochs.ts'
import { withPutOut } from './former-devices.ts'
import { applyFailure, applyMessage, settleOwn } from './messages.ts'
import { nextRenewal } from './self-update.ts'
import { extendTranscript } from './transcript.ts'
import { withoutOldWarning } from './warning.ts'

const groupIdOf = ({ conversation }: Draft): Uint8Array => idToBytes(conversation.conversationId)

/** The tree has no leaf of this device any more. */
async function applyOwnRemoval(
  room: Room,
  draft: Draft,
  event: LogEvent,
  commit: StagedCommitMessage,
): Promise<void> {
  const { accountId } = room.context.self
  const { before, after } = membershipOf(room, draft, commit)
  if (draft.chat.kind === 'direct' || after.has(accountId)) return leaveGroup(room, draft, 'device')
  if (leaversOf(draft.chat.group).has(accountId)) return leaveGroup(room, draft, 'left')
  const people = [...before].filter(member => !after.has(member))
  const notice = { kind: 'removed', people } as const
  await keepOnce(room, draft, event, memberOf(commit.sender).accountId, { kind: 'notice', notice })
  leaveGroup(room, draft, 'removed')
}

async function applyCommit(room: Room, draft: Draft, event: LogEvent): Promise<void> {
  const epoch = draft.conversation.keys[0]?.epoch ?? 0
  // No honest log has a second commit of an epoch.
  if (event.epoch < epoch) return room.context.diagnostics.note('COMMIT_OF_THE_PAST')
  dropPendingCommit(room, draft)
  const { chat } = draft
  const proposals = chat.kind === 'group' ? heldProposals(chat.group, event.epoch) : []
  const processed = room.mls.processMessage(groupIdOf(draft), event.body, proposals, event.serverTime)
  if (processed.kind === 'failure') {
    room.context.diagnostics.note('COMMIT_NOT_FOLLOWED', processed.code)
    return leaveGroup(room, draft, 'broken')
  }
  if (processed.kind !== 'commit') return
  const membership = membershipOf(room, draft, processed)
  assertCommit(room, draft, processed, membership)
  if (processed.removesSelf) return applyOwnRemoval(room, draft, event, processed)
  await enterEpoch(room, draft, room.mls.mergeStagedCommit(groupIdOf(draft)), {
    place: event,
    from: memberOf(processed.sender).accountId,
    external: processed.external,
    members: membership.after,
  })
  const { accountId } = memberOf(processed.sender)
  if (!processed.external) vouch(draft, accountId)
  // Who comes by a link has the word of who gave it.
  else if (processed.preSharedKeyIds.length === 0) {
    vouchSoon(room, draft, accountId, processed.removed.length > 0)
  }
}

/** In a conversation of two nobody leaves by proposal. */
async function applyProposal(room: Room, draft: Draft, event: LogEvent): Promise<void> {
  if (draft.chat.kind === 'direct') return
  const { self, diagnostics } = room.context
  const processed =
    event.senderDevice === self.deviceId
      ? undefined
      : room.mls.processMessage(groupIdOf(draft), event.body, [], event.serverTime)
  if (processed !== undefined && processed.kind !== 'self-remove') {
    diagnostics.note('PROPOSAL_REFUSED', processed.kind === 'failure' ? processed.code : processed.kind)
    return
  }
  const { accountId, deviceId } = processed === undefined ? self : memberOf(processed.sender)
  const { messageId, epoch, body: proposal } = event
  await noteLeaver(room, draft, event, { accountId, deviceId, messageId, epoch, proposal })
  if (accountId === self.accountId) leaveGroup(room, draft, 'left')
}

/**
 * It was on its way when this device came in, encrypted for those who were there before. Nothing here ever opens
 * it; another device of the account may bring it through the archive.
 */
const isFromBefore = ({ conversation }: Draft, { epoch }: LogEvent): boolean =>
  epoch < Math.min(...conversation.keys.map(keys => keys.epoch))

async function applyForeignMessage(room: Room, draft: Draft, event: LogEvent): Promise<void> {
  if (isFromBefore(draft, event)) {
    draft.missed.push(event.seq)
    return
  }
  // Catching up, lifetimes are judged as they were when the event was accepted.
  const processed = room.mls.processMessage(groupIdOf(draft), event.body, [], event.serverTime)
  if (processed.kind === 'application') await applyMessage(room, draft, event, processed)
  else if (processed.kind === 'failure') await applyFailure(room, draft, event, processed)
}

/** Our own commit is merged only now that the log has it. */
async function applyOwnCommit(room: Room, draft: Draft, event: LogEvent): Promise<void> {
  // A commit of which nothing is known here has come in anew, and its leaf has taken the place of this one.
  if (event.messageId !== draft.conversation.commit?.messageId) return leaveGroup(room, draft, 'device')
  // Each of our commits takes out all of them.
  const leavers = draft.chat.kind === 'group' ? leaversOf(draft.chat.group) : new Set<AccountId>()
  const members = room.mls.groupMembers(groupIdOf(draft))
  draft.conversation = withPutOut(draft.conversation, members, { ...room.context, leavers })
  await enterEpoch(room, draft, room.mls.mergePendingCommit(groupIdOf(draft)), {
    place: event,
    from: room.context.self.accountId,
    external: false,
    members: undefined,
  })
  draft.conversation = { ...draft.conversation, updateDueAt: nextRenewal(room.context) }
}

async function applyEvent(room: Room, draft: Draft, event: LogEvent): Promise<void> {
  const isOwn = event.senderDevice === room.context.self.deviceId
  switch (event.kind) {
    case 'application':
      await (isOwn ? settleOwn(room, draft, event) : applyForeignMessage(room, draft, event))
      break
    case 'commit':
      await (isOwn ? applyOwnCommit(room, draft, event) : applyCommit(room, draft, event))
      break
    case 'proposal':
      await applyProposal(room, draft, event)
      break
  }
}

const epochOf = ({ conversation }: Draft) => conversation.keys[0]?.epoch ?? 0

async function apply(room: Room, draft: Draft, event: InboxEvent): Promise<void> {
  const epoch = epochOf(draft)
  if (event.kind === 'accepted') await settleOwn(room, draft, event)
  else await applyEvent(room, draft, event)
  const { transcript } = draft.conversation
  draft.conversation = {
    ...draft.conversation,
    cursor: event.seq,
    transcript: extendTranscript(transcript, asLogged(event, room.context.self), epochOf(draft) !== epoch),
  }
}

function conversationAfter(draft: Draft): ConversationState {
  const { conversation, departure } = draft
  const { conversationId, cursor } = conversation
  switch (departure) {
    case undefined:
      return conversation
    case 'device':
    case 'broken':
      return {
        phase: 'awaited',
        conversationId,
        mends: departure === 'broken',
        reached: { epoch: epochOf(draft), seq: cursor },
      }
    case 'left':
    case 'removed':
      return { phase: 'ended', conversationId }
  }
}

function chatAfter({ chat: warned, conversation, departure }: Draft): Draft['chat'] {
  const chat = withoutOldWarning(warned, conversation.cursor)
  if (chat.kind === 'direct' || (departure !== 'left' && departure !== 'removed')) return chat
  return { ...chat, group: { ...chat.group, end: departure, unchecked: [], wanted: [], leaving: [] } }
}

/** One atomic write of all that some work makes of a chat: MLS entries, messages, cursor. */
function write(
  context: AccountContext,
  chatId: ChatId,
  trust: Trust,
  work: (room: Room, draft: Draft) => void | Promise<void>,
): Promise<Draft | undefined> {
  const { archive, chats, ledger, log, outbox } = context
  return ledger.transact(async transaction => {
    const chat = chats.get(chatId)
    if (chat?.conversation.phase !== 'active') return undefined
    await transaction.openGroup(chat.conversation.conversationId)
    const draft: Draft = {
      chat,
      conversation: chat.conversation,
      messages: [],
      settled: [],
      ids: new Set(),
      missed: [],
      unopened: [],
      departure: undefined,
      toTell: undefined,
      tellSince: undefined,
      isAsked: false,
      asks: false,
    }
    const room: Room = { context, transaction, mls: transaction.mls, trust }
    await work(room, draft)
    for (const entry of draft.settled) outbox.stageRemove(transaction, entry)
    stageDifference(room, draft)
    const tail = await log.append(transaction, draft.chat, draft.messages)
    archive.missed(transaction, draft.chat, draft.missed)
    archive.stage(transaction, draft.conversation.conversationId, chatId, draft.messages)
    chats.stage(transaction, { ...chatAfter(draft), tail, conversation: conversationAfter(draft) })
    return draft
  })
}

/**
 * Applies contiguous events and stores all they change. Answers with the places of messages that did not open.
 * Throws IdentityNeeded or IdentityMismatch, and then nothing has happened.
 */
export async function ingest(
  context: AccountContext,
  chatId: ChatId,
  events: readonly InboxEvent[],
  trust: Trust,
): Promise<readonly number[]> {
  const draft = await write(context, chatId, trust, async (room, draft) => {
    for (const event of events) {
      const isNext = event.seq === draft.conversation.cursor + 1
      if (draft.departure === undefined && isNext) await apply(room, draft, event)
    }
  })
  return draft?.unopened ?? []
}

/**
 * The log begins for this device after what is stored here: a commit of ours has come in anew without this store
 * knowing (it was lost, or a Welcome was followed at the same time), and its leaf has taken the place of this one.
 */
export async function leaveReplacedLeaf(context: AccountContext, chatId: ChatId): Promise<void> {
  await write(context, chatId, NO_TRUST, (room, draft) => leaveGroup(room, draft, 'device'))
}

/** What the others say does not open here any more. */
export async function leaveBroken(context: AccountContext, chatId: ChatId): Promise<void> {
  await write(context, chatId, NO_TRUST, (room, draft) => {
    draft.chat = { ...draft.chat, mendedAt: context.clock.now() }
    leaveGroup(room, draft, 'broken')
  })
}

const NO_TRUST: Trust = { fresh: new Set<AccountId>(), followsDeparted: false }
