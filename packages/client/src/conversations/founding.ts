import { randomBytes } from '@entangle/crypto'
import {
  type ConversationId,
  type ConversationKind,
  type DeviceId,
  encodeGroupData,
  idToBytes,
  ProtocolError,
  readId,
} from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import type { ChatId } from '../api/engine-api.ts'
import { stageFounded } from '../groups/founding-group.ts'
import { refreshContact } from '../identity/directory.ts'
import { accountKeys } from '../store/keys.ts'
import { claimOf, claimOwn, type Joiner } from './claiming.ts'
import { exportEpochKeys } from './epoch-keys.ts'
import { nextRenewal } from './self-update.ts'
import { beginTranscript } from './transcript.ts'

/** What goes to the server, kept until it has answered: asking again with the same bytes is harmless. */
export type FoundingRecord = {
  /** Not named by a version that knew conversations of two only. */
  readonly kind?: ConversationKind
  readonly conversationId: ConversationId
  readonly groupInfo: Uint8Array
  readonly ratchetTree: Uint8Array
  readonly welcomes: readonly { readonly deviceId: DeviceId; readonly welcome: Uint8Array }[]
}

export const DIRECT_GROUP_DATA = encodeGroupData({ kind: 'direct' })

const asFounding = (value: unknown) => value as FoundingRecord

async function claimJoiners(context: AccountContext, chatId: ChatId): Promise<Joiner[]> {
  const chat = context.chats.get(chatId)
  if (chat?.kind !== 'direct') return []
  const { accountId } = chat.peer
  await refreshContact(context, accountId)
  const peers = await claimOf(context, accountId)
  if (peers.length === 0) throw new ProtocolError('KEYS_PACKAGES_EXHAUSTED')
  return [...peers, ...(await claimOwn(context))]
}

/** Makes the group and commits the peer's and our own devices to it, on this device only. */
export async function foundGroup(context: AccountContext, chatId: ChatId): Promise<void> {
  const { chats, ledger, self } = context
  const joiners = await claimJoiners(context, chatId)
  if (joiners.length === 0) return
  await ledger.transact(transaction => {
    const chat = chats.get(chatId)
    // A Welcome of the other may have come meanwhile.
    if (chat === undefined || chat.conversation.phase !== 'none') return
    const groupId = randomBytes(16)
    const { mls } = transaction
    mls.createGroup({
      groupId,
      signatureKey: self.signatureKey,
      credential: self.credential,
      groupData: DIRECT_GROUP_DATA,
    })
    const bundle = mls.commit(groupId, { add: joiners.map(joiner => joiner.keyPackage) })
    const conversationId: ConversationId = readId(groupId)
    const record: FoundingRecord = {
      conversationId,
      groupInfo: bundle.groupInfo,
      ratchetTree: bundle.ratchetTree,
      welcomes: joiners.flatMap(({ deviceId }, index) => {
        const welcome = bundle.welcomes[index]?.welcome
        return welcome === undefined ? [] : [{ deviceId, welcome }]
      }),
    }
    transaction.put(accountKeys.founding(chatId), record)
    chats.stage(transaction, { ...chat, conversation: { phase: 'founding', conversationId } })
  })
}

export type Registration =
  | { readonly outcome: 'registered'; readonly lastSeq: number }
  /** The other was first. */
  | { readonly outcome: 'overtaken' }
  | { readonly outcome: 'nothing-to-do' }

/** Asks the server for its word on our group; only then is the commit merged. */
export async function registerGroup(context: AccountContext, chatId: ChatId): Promise<Registration> {
  const { calls, records } = context
  const founding = await records.readRecord(accountKeys.founding(chatId), asFounding)
  if (founding === undefined) return { outcome: 'nothing-to-do' }
  const { kind = 'direct', conversationId, groupInfo, ratchetTree, welcomes } = founding
  try {
    const head = await calls.call('createConversation', {
      conversationId,
      kind,
      groupInfo,
      ratchetTree,
      welcomes: [...welcomes],
    })
    return await activate(context, chatId, conversationId, head.lastSeq)
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    if (error.code === 'CHAT_DIRECT_EXISTS') {
      const existing = String(error.details['conversationId'] ?? '')
      if (existing === conversationId) return activate(context, chatId, conversationId, 0)
      await abandon(context, chatId, conversationId, existing as ConversationId)
      return { outcome: 'overtaken' }
    }
    if (error.code === 'CHAT_COMMIT_INVALID' || error.code === 'CHAT_PEER_GONE') {
      await abandon(context, chatId, conversationId, null)
    }
    throw error
  }
}

async function activate(
  context: AccountContext,
  chatId: ChatId,
  conversationId: ConversationId,
  lastSeq: number,
): Promise<Registration> {
  const { chats, ledger } = context
  return ledger.transact(async (transaction): Promise<Registration> => {
    const chat = chats.get(chatId)
    if (chat?.conversation.phase !== 'founding' || chat.conversation.conversationId !== conversationId) {
      return { outcome: 'nothing-to-do' }
    }
    await transaction.openGroup(conversationId)
    const status =
      chat.kind === 'direct'
        ? transaction.mls.mergePendingCommit(idToBytes(conversationId))
        : transaction.mls.groupStatus(idToBytes(conversationId))
    if (status === null) throw new TypeError('the founded group is not in the state')
    transaction.remove(accountKeys.founding(chatId))
    const founded = chat.kind === 'direct' ? chat : await stageFounded(context, transaction, chat)
    chats.stage(transaction, {
      ...founded,
      conversation: {
        phase: 'active',
        conversationId,
        cursor: 0,
        keys: [exportEpochKeys(transaction.mls, status)],
        commit: null,
        updateDueAt: nextRenewal(context),
        // Whoever has left a list since it was founded is in it.
        sweepDueAt: context.clock.now(),
        strangers: [],
        transcript: beginTranscript(0),
      },
    })
    return { outcome: 'registered', lastSeq }
  })
}

/** Drops our own group; the outbox and its message ids stay. */
async function abandon(
  { chats, ledger }: AccountContext,
  chatId: ChatId,
  own: ConversationId,
  existing: ConversationId | null,
): Promise<void> {
  await ledger.transact(async transaction => {
    const chat = chats.get(chatId)
    if (chat?.conversation.phase !== 'founding' || chat.conversation.conversationId !== own) return
    await transaction.openGroup(own)
    transaction.mls.deleteGroup(idToBytes(own))
    transaction.remove(accountKeys.founding(chatId))
    chats.stage(transaction, {
      ...chat,
      conversation: existing === null ? { phase: 'none' } : { phase: 'awaited', conversationId: existing },
    })
  })
}
