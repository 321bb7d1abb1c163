import { CryptoError, type StagedWelcome } from '@entangle/crypto'
import {
  type AccountId,
  type AccountSummary,
  type ConversationId,
  type DeviceId,
  idToBytes,
  ProtocolError,
  readId,
} from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import { between } from '../account/timing.ts'
import { type ChatRecord, directChatId, newChat } from '../chats/chat-record.ts'
import { IdentityMismatch, isUnlisted, refreshContact } from '../identity/directory.ts'
import { assertLeaf, IdentityNeeded, memberOf } from '../identity/leaf-check.ts'
import { accountKeys } from '../store/keys.ts'
import type { Transaction } from '../store/ledger.ts'
import type { AnswerOf } from '../wire/api-client.ts'
import { exportEpochKeys } from './epoch-keys.ts'
import type { Trust } from './ingest.ts'
import { isTreeSound } from './rejoining.ts'
import { warnOfIdentity } from './warning.ts'

type WaitingWelcome = AnswerOf<'listWelcomes'>['welcomes'][number]

/** A Welcome that must not be followed: the server keeps it no longer. */
class WelcomeRefused extends Error {
  override readonly name = 'WelcomeRefused'
}

/** The one other account of a direct group whose every leaf verified, but for devices that are out by now. */
function inspect(context: AccountContext, staged: StagedWelcome, { fresh, followsDeparted }: Trust) {
  const { self, contacts, clock } = context
  const peers = new Set<AccountId>()
  const strangers: DeviceId[] = []
  for (const leaf of staged.members) {
    const { accountId, deviceId } = memberOf(leaf)
    if (accountId !== self.accountId) peers.add(accountId)
    try {
      assertLeaf({ self, contacts, nowMs: clock.now(), fresh }, leaf)
    } catch (error) {
      if (!followsDeparted || !isUnlisted(error)) throw error
      strangers.push(deviceId)
    }
  }
  const [peer] = peers
  if (peer === undefined || peers.size !== 1) throw new WelcomeRefused('not a direct conversation')
  return { peer, strangers }
}

export async function describePeer(
  { calls }: AccountContext,
  accountId: AccountId,
): Promise<AccountSummary | undefined> {
  try {
    return await calls.call('readAccount', { accountId })
  } catch (error) {
    if (error instanceof ProtocolError) return undefined
    throw error
  }
}

/** Wrote first, on this device or another of ours, or was written to before: no stranger. */
function standingOf(
  { outbox, self }: AccountContext,
  chat: ChatRecord | undefined,
  staged: StagedWelcome,
): ChatRecord['standing'] {
  if (memberOf(staged.sender).accountId === self.accountId) return 'accepted'
  if (chat === undefined) return 'request'
  if (chat.standing === 'accepted' || !outbox.isEmpty(chat.id)) return 'accepted'
  return 'request'
}

async function dropOwnGroup(transaction: Transaction, chat: ChatRecord): Promise<void> {
  if (chat.conversation.phase !== 'founding') return
  await transaction.openGroup(chat.conversation.conversationId)
  transaction.mls.deleteGroup(idToBytes(chat.conversation.conversationId))
  transaction.remove(accountKeys.founding(chat.id))
}

async function join(
  context: AccountContext,
  waiting: WaitingWelcome,
  ratchetTree: Uint8Array,
  peers: ReadonlyMap<AccountId, AccountSummary>,
  trust: Trust,
): Promise<void> {
  const { chats, contacts, clock, timing, ledger } = context
  await ledger.transact(async transaction => {
    const staged = transaction.mls.stageWelcome(waiting.welcome, ratchetTree)
    const conversationId: ConversationId = readId(staged.groupId)
    if (conversationId !== waiting.conversationId) throw new WelcomeRefused('another group than announced')
    const { peer, strangers } = inspect(context, staged, trust)
    const present = chats.get(directChatId(peer))
    const known = present?.kind === 'direct' ? present : undefined
    if (known?.conversation.phase === 'active') throw new WelcomeRefused('a conversation exists already')
    const status = transaction.mls.acceptWelcome()
    const summary = peers.get(peer) ??
      known?.peer ?? {
        accountId: peer,
        handle: contacts.get(peer)?.list.handle ?? '',
        displayName: contacts.get(peer)?.list.handle ?? '',
      }
    const base = known ?? newChat(summary, 'request', clock.now())
    await dropOwnGroup(transaction, base)
    chats.stage(transaction, {
      ...base,
      peer: { ...summary, gone: base.peer.gone },
      standing: standingOf(context, known, staged),
      conversation: {
        phase: 'active',
        conversationId,
        cursor: waiting.joinedSeq,
        keys: [exportEpochKeys(transaction.mls, status)],
        commit: null,
        updateDueAt: clock.now() + between(timing.selfUpdate, clock.random()),
        sweepDueAt: null,
        strangers,
      },
    })
  })
}

/** Asks the directory for whoever is needed, as often as another one turns up. */
async function joinVerified(context: AccountContext, waiting: WaitingWelcome): Promise<void> {
  const { conversationId, epoch } = waiting
  const { ratchetTree } = await context.calls.call('readTree', { conversationId, epoch })
  const peers = new Map<AccountId, AccountSummary>()
  const fresh = new Set<AccountId>()
  let followsDeparted = false
  for (;;) {
    try {
      await join(context, waiting, ratchetTree, peers, { fresh, followsDeparted })
      return
    } catch (error) {
      if (!followsDeparted && isUnlisted(error) && (await isTreeSound(context, conversationId))) {
        followsDeparted = true
        continue
      }
      if (!(error instanceof IdentityNeeded) || fresh.has(error.accountId)) throw error
      await refreshContact(context, error.accountId)
      fresh.add(error.accountId)
      if (error.accountId === context.self.accountId) continue
      const summary = await describePeer(context, error.accountId)
      peers.set(error.accountId, summary ?? { accountId: error.accountId, handle: '', displayName: '' })
    }
  }
}

/** Never to be followed, whatever is tried again. */
const isFinal = (error: unknown): error is Error =>
  // After a trap the Welcome itself may be sound: it is tried again with a fresh instance.
  (error instanceof CryptoError && error.code !== 'CRYPTO_INSTANCE_LOST') ||
  error instanceof WelcomeRefused ||
  (error instanceof ProtocolError && error.retry === 'never')

type Joined = {
  readonly conversations: readonly ConversationId[]
  /** Why another attempt is needed. */
  readonly failure: unknown
}

/**
 * Follows every Welcome that waits for this device. What verifies is stored first and settled then; what can
 * never be followed is settled; what fails for now stays and keeps none of the others waiting.
 */
export async function joinWaiting(context: AccountContext): Promise<Joined> {
  const { calls, chats, diagnostics } = context
  const conversations: ConversationId[] = []
  let failure: unknown
  const { welcomes } = await calls.call('listWelcomes', {})
  for (const waiting of welcomes) {
    const { conversationId, epoch } = waiting
    try {
      if (chats.ofConversation(conversationId)?.conversation.phase !== 'active') {
        await joinVerified(context, waiting)
        conversations.push(conversationId)
      }
    } catch (error) {
      if (error instanceof IdentityMismatch) {
        diagnostics.note('WELCOME_IDENTITY_MISMATCH', error.cause)
        await warnOfIdentity(context, error.accountId)
        continue
      }
      if (!isFinal(error)) {
        failure = error
        continue
      }
      diagnostics.note('WELCOME_REFUSED', error)
    }
    await calls.call('settleWelcome', { conversationId, epoch })
  }
  return { conversations, failure }
}
