import type { AccountId, AccountSummary, ConversationHead } from '@entangle/protocol'
import { ProtocolError } from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import type { ChatId } from '../api/engine-api.ts'
import {
  type DirectChat,
  directChatId,
  groupChatId,
  newChat,
  newGroupChat,
  peerOf,
} from '../chats/chat-record.ts'
import { EMPTY_STATE, newGroup } from '../groups/group-record.ts'

/** Conversations of which this device is fetching something at the same time. */
export const ENTRANCES = 4

/** Lets so many in at once, the others in the order in which they came. */
export function createGate(places: number) {
  const waiting: (() => void)[] = []
  let free = places
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (free > 0) free -= 1
    else await new Promise<void>(resolve => waiting.push(resolve))
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next === undefined) free += 1
      else next()
    }
  }
}
export type Gate = ReturnType<typeof createGate>

/** The other of two; undefined where this account is alone or it is no conversation of two. */
export function peerIn({ kind, members }: ConversationHead, self: AccountId): AccountId | undefined {
  const others = members.filter(member => member !== self)
  return kind === 'direct' && others.length === 1 ? others[0] : undefined
}

/** Who has deleted the account stays in the list, with what was said. */
async function readPeer({ calls }: AccountContext, accountId: AccountId): Promise<DirectChat['peer']> {
  try {
    return { ...(await calls.call('readAccount', { accountId })), gone: false }
  } catch (error) {
    if (!(error instanceof ProtocolError) || error.retry === 'later') throw error
    const nobody: AccountSummary = { accountId, handle: '', displayName: 'Deleted account' }
    return { ...nobody, gone: true }
  }
}

/**
 * Makes a chat that waits to be entered for a conversation of this account in which this device is not. It is a
 * request until the account state says that it was accepted elsewhere. Answers with the chat, if there is one now.
 */
export function awaitConversation(
  context: AccountContext,
  head: ConversationHead,
): Promise<ChatId | undefined> {
  return head.kind === 'group' ? awaitGroup(context, head) : awaitPair(context, head)
}

/** What it is called comes from the account state, or from the others. */
async function awaitGroup(
  { chats, clock, ledger }: AccountContext,
  { conversationId }: ConversationHead,
): Promise<ChatId> {
  const chatId = groupChatId(conversationId)
  await ledger.transact(transaction => {
    const known = chats.get(chatId)
    const group = newGroup(EMPTY_STATE, null)
    const chat = known ?? newGroupChat(conversationId, group, 'request', clock.now())
    if (chat.conversation.phase !== 'none' && chat.conversation.phase !== 'ended') return
    chats.stage(transaction, { ...chat, conversation: { phase: 'awaited', conversationId } })
  })
  return chatId
}

async function awaitPair(context: AccountContext, head: ConversationHead): Promise<ChatId | undefined> {
  const { chats, clock, ledger, self } = context
  const accountId = peerIn(head, self.accountId)
  if (accountId === undefined) return undefined
  const chatId = directChatId(accountId)
  const { conversationId } = head
  const present = chats.get(chatId)
  const peer = (present && peerOf(present)) ?? (await readPeer(context, accountId))
  await ledger.transact(transaction => {
    const known = chats.get(chatId) ?? { ...newChat(peer, 'request', clock.now()), peer }
    if (known.conversation.phase !== 'none') return
    chats.stage(transaction, {
      ...known,
      standing: known.standing === 'new' ? 'request' : known.standing,
      conversation: { phase: 'awaited', conversationId },
    })
  })
  return chatId
}
