import { type MemberLeaf, randomBytes } from '@entangle/crypto'
import {
  type AccountId,
  type ConversationId,
  type DeviceId,
  idToBytes,
  ProtocolError,
  readId,
} from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import type { ChatId } from '../api/engine-api.ts'
import { equalBytes } from '../bytes.ts'
import { peerOf } from '../chats/chat-record.ts'
import { IdentityMismatch, refreshContact } from '../identity/directory.ts'
import { ALL_FRESH, assertLeaf, memberOf } from '../identity/leaf-check.ts'
import { prefixRange } from '../ports/key-value-store.ts'
import { accountKeys } from '../store/keys.ts'
import type { AnswerOf } from '../wire/api-client.ts'
import { exportEpochKeys } from './epoch-keys.ts'
import { isFormer } from './former-devices.ts'
import type { InboxEvent } from './ingest.ts'

type Tree = Pick<AnswerOf<'readGroupInfo'>, 'groupInfo' | 'ratchetTree'>

function leavesOf({ crypto }: AccountContext, { groupInfo, ratchetTree }: Tree): MemberLeaf[] {
  const group = crypto.createPublicGroup(groupInfo, ratchetTree)
  try {
    return group.members()
  } finally {
    group.close()
  }
}

/**
 * Devices in the tree that no list names: removed, with their leaf not yet put out, or never of this account.
 * Nothing is sent before they are out, and nobody vouches for what they write. Every other leaf must fit the
 * list of its account.
 */
function strangersIn({ self, contacts, clock }: AccountContext, leaves: readonly MemberLeaf[]): DeviceId[] {
  return leaves.flatMap(leaf => {
    if (isFormer({ self, contacts }, leaf)) return [memberOf(leaf).deviceId]
    assertLeaf({ self, contacts, nowMs: clock.now(), fresh: ALL_FRESH }, leaf)
    return []
  })
}

/** The group as the server has it, of the two accounts only, judged by identities fetched after it. */
async function fetchTree(context: AccountContext, conversationId: ConversationId, peer?: AccountId) {
  const { calls, contacts, self } = context
  const answer = await calls.call('readGroupInfo', { conversationId })
  const leaves = leavesOf(context, answer)
  const others = new Set(leaves.map(leaf => memberOf(leaf).accountId).filter(id => id !== self.accountId))
  for (const other of others) {
    if (others.size > 1 || (peer !== undefined && other !== peer)) {
      throw new IdentityMismatch(other, 'not one of the two')
    }
    await refreshContact(context, other)
  }
  // Our own list is known since the connection came; only a leaf that it lacks is a reason to ask again.
  const isOwnNews = leaves.some(
    leaf => memberOf(leaf).accountId === self.accountId && isFormer(context, leaf),
  )
  if (isOwnNews || !contacts.has(self.accountId)) await refreshContact(context, self.accountId)
  return { ...answer, strangers: strangersIn(context, leaves) }
}

/** Whether in the group of today everybody is listed. */
export const isTreeSound = async (
  context: AccountContext,
  conversationId: ConversationId,
): Promise<boolean> => (await fetchTree(context, conversationId)).strangers.length === 0

async function openScratchState({ crypto, records }: AccountContext) {
  const entries = await records.scan(prefixRange(accountKeys.mls('s/')))
  return crypto.openDeviceState(
    entries.map(({ key, value }) => ({ key: key.slice(accountKeys.mlsPrefix.length), value })),
  )
}

/**
 * A new device of this account enters a conversation by an external commit. It is built on a scratch state and
 * stored only once the server has accepted it; if that is lost in between, the next attempt takes the same
 * place again. Answers with the commit's place in the log.
 */
export async function rejoin(context: AccountContext, chatId: ChatId): Promise<number | undefined> {
  const { calls, chats, clock, ledger, self } = context
  const chat = chats.get(chatId)
  if (chat?.conversation.phase !== 'awaited') return undefined
  const { conversationId } = chat.conversation
  const { epoch, groupInfo, ratchetTree, strangers } = await fetchTree(
    context,
    conversationId,
    peerOf(chat)?.accountId,
  )
  const scratch = await openScratchState(context)
  try {
    const { signatureKey, credential } = self
    const bundle = scratch.joinByExternalCommit({ signatureKey, credential, groupInfo, ratchetTree })
    const { seq } = await calls.call('submitCommit', {
      conversationId,
      messageId: readId(randomBytes(16)),
      epoch,
      commit: bundle.commit,
      groupInfo: bundle.groupInfo,
      welcomes: [],
    })
    await ledger.transact(transaction => {
      const present = chats.get(chatId)
      if (present?.conversation.phase !== 'awaited') throw new ProtocolError('CHAT_EPOCH_STALE')
      transaction.adopt(scratch.takeChanges())
      const status = transaction.mls.groupStatus(idToBytes(conversationId))
      if (status === null) throw new TypeError('the joined group is not in the state')
      context.archive.expect(transaction, present, seq)
      chats.stage(transaction, {
        ...present,
        conversation: {
          phase: 'active',
          conversationId,
          cursor: seq,
          keys: [exportEpochKeys(transaction.mls, status)],
          commit: null,
          // The commit has just given this device its leaf key.
          updateDueAt: null,
          sweepDueAt: strangers.length === 0 ? null : clock.now(),
          strangers,
        },
      })
    })
    return seq
  } finally {
    scratch.close()
  }
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
  return (await isInLog(context, conversationId, events)) && isTreeSound(context, conversationId)
}
