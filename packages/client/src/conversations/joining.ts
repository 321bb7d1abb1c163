import { CryptoError, type StagedWelcome } from '@entangle/crypto'
import {
  type AccountId,
  type ConversationId,
  ProtocolError,
  parseGroupData,
  readId,
} from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import { stageJoinedGroup } from '../groups/joining-group.ts'
import { IdentityMismatch, isUnlisted, refreshContacts } from '../identity/directory.ts'
import { IdentityNeeded } from '../identity/leaf-check.ts'
import { learnEarlierDevices } from '../identity/list-history.ts'
import type { Transaction } from '../store/ledger.ts'
import type { Trust } from './draft.ts'
import { stageJoinedPair } from './joining-pair.ts'
import { isTreeSound } from './tree-check.ts'
import { warnOfIdentity } from './warning.ts'
import { type WaitingWelcome, WelcomeRefused } from './welcome.ts'

const kindOf = ({ groupData }: StagedWelcome) =>
  groupData === null ? undefined : parseGroupData(groupData)?.kind

async function stageJoined(
  context: AccountContext,
  transaction: Transaction,
  staged: StagedWelcome,
  waiting: WaitingWelcome,
  trust: Trust,
): Promise<void> {
  switch (kindOf(staged)) {
    case 'direct':
      return stageJoinedPair(context, transaction, staged, waiting, trust)
    case 'group':
      return stageJoinedGroup(context, transaction, staged, waiting, trust)
    case undefined:
      throw new WelcomeRefused('a kind of group that is not known')
  }
}

function join(
  context: AccountContext,
  waiting: WaitingWelcome,
  ratchetTree: Uint8Array,
  trust: Trust,
): Promise<void> {
  return context.ledger.transact(async transaction => {
    const staged = transaction.mls.stageWelcome(waiting.welcome, ratchetTree)
    const conversationId: ConversationId = readId(staged.groupId)
    if (conversationId !== waiting.conversationId) throw new WelcomeRefused('another group than announced')
    await stageJoined(context, transaction, staged, waiting, trust)
  })
}

/** Asks the directory for whoever is needed, as often as others turn up. */
async function joinVerified(context: AccountContext, waiting: WaitingWelcome): Promise<void> {
  const { conversationId, epoch, kind } = waiting
  const { ratchetTree } = await context.calls.call('readTree', { conversationId, epoch })
  const fresh = new Set<AccountId>()
  let followsDeparted = false
  for (;;) {
    try {
      await join(context, waiting, ratchetTree, { fresh, followsDeparted })
      return
    } catch (error) {
      if (isUnlisted(error) && (await learnEarlierDevices(context, error.accountId))) continue
      if (!followsDeparted && isUnlisted(error) && (await isTreeSound(context, conversationId, kind))) {
        followsDeparted = true
        continue
      }
      if (!(error instanceof IdentityNeeded)) throw error
      const needed = [...error.accountIds].filter(accountId => !fresh.has(accountId))
      if (needed.length === 0) throw error
      await refreshContacts(context, needed)
      for (const accountId of needed) fresh.add(accountId)
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
  /** Why another attempt is needed, for these. */
  readonly failure: unknown
  readonly failed: ReadonlySet<ConversationId>
}

/**
 * Follows every Welcome that waits for this device. What verifies is stored first and settled then; what can
 * never be followed is settled; what fails for now stays and keeps none of the others waiting.
 */
export async function joinWaiting(context: AccountContext): Promise<Joined> {
  const { calls, chats, diagnostics } = context
  const conversations: ConversationId[] = []
  const failed = new Set<ConversationId>()
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
        failed.add(conversationId)
        continue
      }
      diagnostics.note('WELCOME_REFUSED', error)
    }
    await calls.call('settleWelcome', { conversationId, epoch })
  }
  return { conversations, failure, failed }
}
