import {
  type ApplicationMessage,
  CryptoError,
  type MessageFailure,
  type StagedCommitMessage,
  unpad,
} from '@entangle/crypto'
import { type AccountId, idToBytes, type LogEvent, type MessageId, parseContent } from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import { between } from '../account/timing.ts'
import type { ChatId } from '../api/engine-api.ts'
import { equalBytes } from '../bytes.ts'
import { type ActiveConversation, type ChatRecord, peerOf } from '../chats/chat-record.ts'
import { previewOf } from '../chats/preview.ts'
import { IdentityMismatch, isUnlisted } from '../identity/directory.ts'
import { assertLeaf, assertRemoval, assertUpdatedLeaf, type Fresh, memberOf } from '../identity/leaf-check.ts'
import type { OutboxEntry } from '../outbox/outbox-entry.ts'
import type { Transaction } from '../store/ledger.ts'
import type { MessageContent, MessageRecord } from '../timeline/message-record.ts'
import { exportEpochKeys, withEpochKeys } from './epoch-keys.ts'

/** An event of the log, or our own message of which the server just told the place. */
export type InboxEvent =
  | LogEvent
  | {
      readonly kind: 'accepted'
      readonly seq: number
      readonly messageId: MessageId
      readonly serverTime: number
    }

/** What was found out about the people of a batch. */
export type Trust = {
  readonly fresh: Fresh
  /** Devices that no list names may come in: by now they are out again. */
  readonly followsDeparted: boolean
}

/** What one batch of events makes of a chat, before it is written. */
type Draft = {
  chat: ChatRecord
  conversation: ActiveConversation
  readonly messages: MessageRecord[]
  readonly settled: OutboxEntry[]
  /** Ids of this batch, which the log does not know yet. */
  readonly ids: Set<string>
  /** A commit has put this device out. */
  isOut: boolean
}

type Room = { readonly context: AccountContext; readonly transaction: Transaction; readonly trust: Trust }

/** Nothing to be seen of these: a repetition, or a message of ours that is here already. */
const SILENT: ReadonlySet<string> = new Set(['CRYPTO_REPLAY', 'CRYPTO_OWN_MESSAGE'])

function keep(draft: Draft, message: MessageRecord): void {
  const { chat } = draft
  draft.messages.push(message)
  draft.ids.add(`${message.from}/${message.id}`)
  draft.chat = {
    ...chat,
    hidden: false,
    last: previewOf(message),
    unread: chat.unread + (message.own || message.seq <= chat.readSeq ? 0 : 1),
    peerSeq: message.own ? chat.peerSeq : message.seq,
  }
}

function settleOwn(
  { context }: Room,
  draft: Draft,
  event: Pick<LogEvent, 'messageId' | 'seq' | 'serverTime'>,
): void {
  const entry = context.outbox.find(draft.chat.id, event.messageId)
  // Not in the outbox: it was settled before and the server repeats itself.
  if (entry === undefined || draft.settled.includes(entry)) return
  draft.settled.push(entry)
  keep(draft, {
    seq: event.seq,
    id: entry.messageId,
    from: context.self.accountId,
    own: true,
    time: event.serverTime,
    content: { kind: 'text', text: entry.text },
  })
}

function readContent(plaintext: Uint8Array, messageId: MessageId): MessageContent {
  try {
    const content = parseContent(unpad(plaintext))
    if (content?.known && content.event.kind === 'text' && content.event.id === messageId)
      return { kind: 'text', text: content.event.text }
  } catch (error) {
    if (!(error instanceof CryptoError)) throw error
  }
  return { kind: 'unsupported', raw: plaintext }
}

async function keepForeign(
  { context }: Room,
  draft: Draft,
  event: LogEvent,
  from: AccountId,
  content: MessageContent,
): Promise<void> {
  const { chat } = draft
  if (chat.blocked) return
  const id = { from, id: event.messageId }
  if (draft.ids.has(`${from}/${event.messageId}`) || (await context.log.isRepeated(chat.id, id))) return
  keep(draft, { seq: event.seq, id: event.messageId, from, own: false, time: event.serverTime, content })
}

/** The id is bound by the encryption: a server that moves a ciphertext under another id gains nothing. */
const contentOf = (event: LogEvent, opened: ApplicationMessage): MessageContent =>
  equalBytes(opened.authenticatedData, idToBytes(event.messageId))
    ? readContent(opened.plaintext, event.messageId)
    : { kind: 'unsupported', raw: opened.plaintext }

/** Its device left the account before it was known here: not shown as the account's word, and not lost. */
const unvouched = ({ epoch }: LogEvent, { plaintext }: ApplicationMessage): MessageContent => ({
  kind: 'pending',
  state: 'waiting',
  code: 'IDENTITY_DEVICE_NOT_LISTED',
  epoch,
  raw: plaintext,
})

/** Written on another device of this account: whoever wrote there has accepted the conversation. */
async function keepOwn(
  { context }: Room,
  draft: Draft,
  event: LogEvent,
  content: MessageContent,
): Promise<void> {
  const from = context.self.accountId
  const id = { from, id: event.messageId }
  if (draft.ids.has(`${from}/${event.messageId}`) || (await context.log.isRepeated(draft.chat.id, id))) return
  keep(draft, { seq: event.seq, id: event.messageId, from, own: true, time: event.serverTime, content })
  draft.chat = { ...draft.chat, standing: 'accepted' }
}

async function applyMessage(
  room: Room,
  draft: Draft,
  event: LogEvent,
  opened: ApplicationMessage,
): Promise<void> {
  const { accountId, deviceId } = memberOf(opened.sender)
  const content = draft.conversation.strangers.includes(deviceId)
    ? unvouched(event, opened)
    : contentOf(event, opened)
  if (accountId === room.context.self.accountId) await keepOwn(room, draft, event, content)
  else await keepForeign(room, draft, event, accountId, content)
}

async function applyFailure(
  room: Room,
  draft: Draft,
  event: LogEvent,
  failure: MessageFailure,
): Promise<void> {
  if (SILENT.has(failure.code)) return
  room.context.diagnostics.note('EVENT_UNREADABLE', failure.code)
  const peer = peerOf(draft.chat)
  if (event.kind !== 'application' || peer === undefined) return
  await keepForeign(room, draft, event, peer.accountId, {
    kind: 'pending',
    state: 'waiting',
    code: failure.code,
    epoch: event.epoch,
    raw: event.body,
  })
}

/**
 * Every leaf a commit adds or changes passes before the commit is merged. Who commits from within was checked
 * when it came in.
 */
function assertCommit({ context, trust }: Room, draft: Draft, commit: StagedCommitMessage): void {
  const { self, contacts, clock } = context
  const check = { self, contacts, nowMs: clock.now(), fresh: trust.fresh }
  const members = new Set([self.accountId, peerOf(draft.chat)?.accountId])
  const committer = memberOf(commit.sender).accountId
  for (const leaf of [commit.sender, ...commit.added]) {
    const { accountId } = memberOf(leaf)
    if (!members.has(accountId)) throw new IdentityMismatch(accountId, 'not one of the two')
  }
  for (const leaf of commit.added) {
    try {
      assertLeaf(check, leaf)
    } catch (error) {
      if (!trust.followsDeparted || !isUnlisted(error)) throw error
      const { strangers } = draft.conversation
      draft.conversation = { ...draft.conversation, strangers: [...strangers, memberOf(leaf).deviceId] }
    }
  }
  for (const leaf of commit.removed) assertRemoval(check, committer, leaf)
  for (const update of commit.updated) assertUpdatedLeaf(check, update)
}

function enterEpoch({ transaction }: Room, draft: Draft, ownCommit: boolean): void {
  const groupId = idToBytes(draft.conversation.conversationId)
  const status = ownCommit
    ? transaction.mls.mergePendingCommit(groupId)
    : transaction.mls.mergeStagedCommit(groupId)
  const { strangers } = draft.conversation
  const present = strangers.length === 0 ? [] : transaction.mls.groupMembers(groupId).map(memberOf)
  draft.conversation = {
    ...draft.conversation,
    commit: null,
    strangers: strangers.filter(device => present.some(({ deviceId }) => deviceId === device)),
    keys: withEpochKeys(draft.conversation.keys, exportEpochKeys(transaction.mls, status)),
  }
}

/** Nothing of the group opens any more. If this device still belongs to the account it comes in anew. */
function leaveGroup({ context, transaction }: Room, draft: Draft): void {
  const groupId = idToBytes(draft.conversation.conversationId)
  context.diagnostics.note('REMOVED_FROM_CONVERSATION')
  transaction.mls.discardStagedCommit(groupId)
  transaction.mls.deleteGroup(groupId)
  draft.isOut = true
}

/** Somebody else's commit won this epoch: ours is void and has to be built anew. */
function dropPendingCommit({ context, transaction }: Room, draft: Draft): void {
  if (draft.conversation.commit === null) return
  const { clock, timing } = context
  transaction.mls.clearPendingCommit(idToBytes(draft.conversation.conversationId))
  draft.conversation = {
    ...draft.conversation,
    commit: null,
    // Whatever it was for: a sweep that finds nothing left to do commits nothing.
    sweepDueAt: clock.now(),
    updateDueAt: clock.now() + between(timing.selfUpdate, clock.random()),
  }
}

async function applyForeign(room: Room, draft: Draft, event: LogEvent): Promise<void> {
  const groupId = idToBytes(draft.conversation.conversationId)
  if (event.kind === 'commit') dropPendingCommit(room, draft)
  const processed = room.transaction.mls.processMessage(
    groupId,
    event.body,
    [],
    // Catching up, lifetimes are judged as they were when the event was accepted.
    event.serverTime,
  )
  switch (processed.kind) {
    case 'application':
      await applyMessage(room, draft, event, processed)
      break
    case 'commit':
      assertCommit(room, draft, processed)
      if (processed.removesSelf) leaveGroup(room, draft)
      else enterEpoch(room, draft, false)
      break
    case 'self-remove':
      // In a conversation of two nobody leaves by proposal.
      break
    case 'failure':
      await applyFailure(room, draft, event, processed)
      break
  }
}

async function apply(room: Room, draft: Draft, event: InboxEvent): Promise<void> {
  if (event.kind === 'accepted') settleOwn(room, draft, event)
  else if (event.senderDevice !== room.context.self.deviceId) await applyForeign(room, draft, event)
  else if (event.kind === 'application') settleOwn(room, draft, event)
  else if (event.messageId === draft.conversation.commit?.messageId) enterEpoch(room, draft, true)
  draft.conversation = { ...draft.conversation, cursor: event.seq }
}

/**
 * Applies contiguous events and stores all they change in one atomic write: MLS entries, messages, cursor.
 * Throws IdentityNeeded or IdentityMismatch, and then nothing has happened.
 */
export function ingest(
  context: AccountContext,
  chatId: ChatId,
  events: readonly InboxEvent[],
  trust: Trust,
): Promise<void> {
  const { chats, ledger, log, outbox } = context
  return ledger.transact(async transaction => {
    const chat = chats.get(chatId)
    if (chat?.conversation.phase !== 'active') return
    await transaction.openGroup(chat.conversation.conversationId)
    const draft: Draft = {
      chat,
      conversation: chat.conversation,
      messages: [],
      settled: [],
      ids: new Set(),
      isOut: false,
    }
    const room: Room = { context, transaction, trust }
    for (const event of events) {
      if (!draft.isOut && event.seq === draft.conversation.cursor + 1) await apply(room, draft, event)
    }
    for (const entry of draft.settled) outbox.stageRemove(transaction, entry)
    const tail = await log.append(transaction, draft.chat, draft.messages)
    const { conversationId } = draft.conversation
    context.archive.stage(transaction, conversationId, chatId, draft.messages)
    chats.stage(transaction, {
      ...draft.chat,
      tail,
      conversation: draft.isOut ? { phase: 'awaited', conversationId } : draft.conversation,
    })
  })
}
