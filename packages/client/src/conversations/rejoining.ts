import { randomBytes } from '@entangle/crypto'
import { idToBytes, ProtocolError, readId } from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import type { ChatId } from '../api/engine-api.ts'
import type { ChatRecord } from '../chats/chat-record.ts'
import { IdentityMismatch, refreshContact } from '../identity/directory.ts'
import { assertLeaf, memberOf } from '../identity/leaf-check.ts'
import { prefixRange } from '../ports/key-value-store.ts'
import { accountKeys } from '../store/keys.ts'
import { exportEpochKeys } from './epoch-keys.ts'

/** Before anything is built: only the two accounts, and of the other only listed devices. */
function assertMembers(
  { crypto, self, contacts, clock }: AccountContext,
  { peer }: ChatRecord,
  groupInfo: Uint8Array,
  ratchetTree: Uint8Array,
): void {
  const group = crypto.createPublicGroup(groupInfo, ratchetTree)
  try {
    for (const leaf of group.members()) {
      const { accountId } = memberOf(leaf)
      // Earlier devices of our own are put out before anything is sent.
      if (accountId === self.accountId) continue
      if (accountId !== peer.accountId) throw new IdentityMismatch(accountId, 'not one of the two')
      assertLeaf({ self, contacts, nowMs: clock.now(), fresh: true }, leaf)
    }
  } finally {
    group.close()
  }
}

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
  await refreshContact(context, chat.peer.accountId)
  const { epoch, groupInfo, ratchetTree } = await calls.call('readGroupInfo', { conversationId })
  assertMembers(context, chat, groupInfo, ratchetTree)
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
      chats.stage(transaction, {
        ...present,
        conversation: {
          phase: 'active',
          conversationId,
          cursor: seq,
          keys: [exportEpochKeys(transaction.mls, status)],
          commit: null,
          // Earlier devices go at once.
          updateDueAt: clock.now(),
        },
      })
    })
    return seq
  } finally {
    scratch.close()
  }
}
