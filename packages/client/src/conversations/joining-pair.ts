import type { StagedWelcome } from '@entangle/crypto'
import { type AccountSummary, idToBytes } from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import { type DirectChat, directChatId, newChat } from '../chats/chat-record.ts'
import { accountsOf } from '../groups/membership.ts'
import { memberOf } from '../identity/leaf-check.ts'
import { accountKeys } from '../store/keys.ts'
import type { Transaction } from '../store/ledger.ts'
import type { Trust } from './draft.ts'
import { acceptWelcome, inspectLeaves, type WaitingWelcome, WelcomeRefused } from './welcome.ts'

/** Wrote first, on this device or another of ours, or was written to before: no stranger. */
function standingOf(
  { outbox, self }: AccountContext,
  chat: DirectChat | undefined,
  staged: StagedWelcome,
): DirectChat['standing'] {
  if (memberOf(staged.sender).accountId === self.accountId) return 'accepted'
  if (chat === undefined) return 'request'
  if (chat.standing === 'accepted' || !outbox.isEmpty(chat.id)) return 'accepted'
  return 'request'
}

async function dropOwnGroup(transaction: Transaction, chat: DirectChat): Promise<void> {
  if (chat.conversation.phase !== 'founding') return
  await transaction.openGroup(chat.conversation.conversationId)
  transaction.mls.deleteGroup(idToBytes(chat.conversation.conversationId))
  transaction.remove(accountKeys.founding(chat.id))
}

/** Names come from the directory; until they are here the handle of the signed list has to do. */
function summaryOf(
  { contacts, people }: AccountContext,
  chat: DirectChat | undefined,
  accountId: DirectChat['peer']['accountId'],
): AccountSummary {
  const described = people.describe(accountId)
  if (described.handle !== '') return described
  if (chat !== undefined) return chat.peer
  const handle = contacts.get(accountId)?.list.handle ?? ''
  return { accountId, handle, displayName: handle }
}

/** Part of a transaction: follows a Welcome into a conversation of two. */
export async function stageJoinedPair(
  context: AccountContext,
  transaction: Transaction,
  staged: StagedWelcome,
  waiting: WaitingWelcome,
  trust: Trust,
): Promise<void> {
  const { chats, clock, self } = context
  const strangers = inspectLeaves(context, staged.members, trust)
  const [peer, ...more] = [...accountsOf(staged.members)].filter(accountId => accountId !== self.accountId)
  if (peer === undefined || more.length > 0) throw new WelcomeRefused('not a direct conversation')
  const present = chats.get(directChatId(peer))
  const known = present?.kind === 'direct' ? present : undefined
  if (known?.conversation.phase === 'active') throw new WelcomeRefused('a conversation exists already')
  const conversation = acceptWelcome(context, transaction, waiting, strangers)
  const summary = summaryOf(context, known, peer)
  const base = known ?? newChat(summary, 'request', clock.now())
  await dropOwnGroup(transaction, base)
  chats.stage(transaction, {
    ...base,
    peer: { ...summary, gone: base.peer.gone },
    standing: standingOf(context, known, staged),
    conversation,
    // Every leaf has verified: a device that was out already, and still in the tree when this was looked at before.
    warning: null,
    suspect: null,
  })
}
