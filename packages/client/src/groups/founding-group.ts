import { randomBytes } from '@entangle/crypto'
import {
  type AccountId,
  type ConversationId,
  encodeGroupData,
  LIMITS,
  type ManagedGroup,
  type MessageId,
  ProtocolError,
  readId,
} from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import type { ChatId } from '../api/engine-api.ts'
import { toEngineError } from '../api/engine-errors.ts'
import { type GroupChat, groupChatId, newGroupChat } from '../chats/chat-record.ts'
import type { FoundingRecord } from '../conversations/founding.ts'
import { stageRow } from '../conversations/rejoining.ts'
import { accountKeys } from '../store/keys.ts'
import type { Transaction } from '../store/ledger.ts'
import { newGroup, rolesOf } from './group-record.ts'
import { newGroupState } from './state.ts'

/**
 * Makes a group of this device alone; its runner registers it and takes the others in. Answers with the chat, which is
 * there at once.
 */
export function foundManagedGroup(
  { chats, clock, ledger, self }: AccountContext,
  name: string,
  accountIds: readonly AccountId[],
): Promise<ChatId> {
  const wanted = [...new Set(accountIds)].filter(accountId => accountId !== self.accountId)
  if (wanted.length >= LIMITS.groupMembers) throw toEngineError(new ProtocolError('CHAT_GROUP_FULL'))
  const groupId = randomBytes(16)
  const conversationId: ConversationId = readId(groupId)
  const data: ManagedGroup = {
    kind: 'group',
    owners: new Set([self.accountId]),
    admins: new Set(),
    invites: new Set(),
  }
  return ledger.transact(transaction => {
    const { mls } = transaction
    const { signatureKey, credential } = self
    mls.createGroup({ groupId, signatureKey, credential, groupData: encodeGroupData(data) })
    const record: FoundingRecord = {
      kind: 'group',
      conversationId,
      groupInfo: mls.exportGroupInfo(groupId),
      ratchetTree: mls.exportRatchetTree(groupId),
      welcomes: [],
    }
    const chatId = groupChatId(conversationId)
    transaction.put(accountKeys.founding(chatId), record)
    const group = {
      ...newGroup(newGroupState(name), null),
      data: rolesOf(data),
      members: [self.accountId],
      wanted,
    }
    const chat = newGroupChat(conversationId, group, 'accepted', clock.now())
    chats.stage(transaction, { ...chat, conversation: { phase: 'founding', conversationId } })
    return chatId
  })
}

/** Part of the transaction in which the server's word is stored: the timeline begins. */
export async function stageFounded(
  context: AccountContext,
  transaction: Transaction,
  chat: GroupChat,
): Promise<GroupChat> {
  const { clock, self } = context
  const id: MessageId = readId(randomBytes(16))
  const notice = { kind: 'group-created' } as const
  return stageRow(context, transaction, chat, {
    seq: 0,
    id,
    from: self.accountId,
    own: true,
    time: clock.now(),
    content: { kind: 'notice', notice },
  })
}
