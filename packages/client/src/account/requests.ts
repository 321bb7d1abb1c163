import {
  type AccountId,
  type AccountSummary,
  handleSchema,
  LIMITS,
  type MessageId,
  ProtocolError,
} from '@entangle/protocol'
import type { ChatMirror } from '../account-state/chat-mirror.ts'
import type { ChatId, EngineRequests } from '../api/engine-api.ts'
import { toEngineError } from '../api/engine-errors.ts'
import { engineFailure } from '../api/failures.ts'
import { utf8Bytes } from '../bytes.ts'
import { type ChatRecord, directChatId, isOver, newChat } from '../chats/chat-record.ts'
import { readUpTo } from '../chats/reading.ts'
import { markGone } from '../conversations/warning.ts'
import { refuseGroup } from '../groups/forgetting.ts'
import type { Receipts } from '../receipts/receipts.ts'
import type { Typing } from '../receipts/typing.ts'
import type { AccountContext } from './context.ts'

/** What a person asks of the chats of a signed-in account. */
export function createChatRequests(input: {
  readonly context: AccountContext
  readonly receipts: Receipts
  readonly typing: Typing
  readonly mirror: ChatMirror
  readonly wake: (chatId: ChatId) => void
  readonly leaveGroup: EngineRequests['leaveGroup']
}) {
  const { context, leaveGroup, mirror, receipts, typing, wake } = input
  const { self, calls, chats, clock, counter, ledger, log, outbox, people } = context

  const known = (chatId: ChatId): ChatRecord => {
    const chat = chats.get(chatId)
    if (chat === undefined) throw engineFailure('ENGINE_CHAT_UNKNOWN')
    return chat
  }

  /** One change of one chat; undefined changes nothing. */
  const edit = (chatId: ChatId, change: (chat: ChatRecord) => ChatRecord | undefined): Promise<void> =>
    ledger.transact(transaction => {
      const chat = known(chatId)
      const next = change(chat)
      if (next !== undefined) mirror.stage(transaction, chat, next)
    })

  const assertSendable = (chat: ChatRecord) => {
    if (chat.blocked) throw engineFailure('ENGINE_CHAT_BLOCKED')
    if (chat.kind === 'direct' && chat.peer.gone) throw toEngineError(new ProtocolError('CHAT_PEER_GONE'))
    if (chat.kind === 'group' && isOver(chat)) throw engineFailure('ENGINE_GROUP_OVER')
    if (counter.isRolledBack()) throw toEngineError(new ProtocolError('CHAT_DEVICE_ROLLED_BACK'))
    if (chat.warning !== null) throw engineFailure('ENGINE_IDENTITY_CHANGED')
  }

  const assertText = (text: string) => {
    if (text.trim() === '') throw engineFailure('ENGINE_TEXT_EMPTY')
    if (text.length > LIMITS.messageTextBytes || utf8Bytes(text).length > LIMITS.messageTextBytes) {
      throw engineFailure('ENGINE_TEXT_TOO_LONG')
    }
  }

  /** The id of the request is that of the message: asking twice, by whatever way, writes one message. */
  const sendText = async (
    { chatId, text }: Parameters<EngineRequests['sendText']>[0],
    messageId: MessageId,
  ): Promise<MessageId> => {
    assertText(text)
    await ledger.transact(async transaction => {
      const chat = known(chatId)
      assertSendable(chat)
      if (outbox.find(chatId, messageId) !== undefined) return
      if (await log.isRepeated(chatId, { from: self.accountId, id: messageId })) return
      outbox.stageNew(transaction, chatId, [{ messageId, content: { kind: 'text', text } }], clock.now())
      mirror.stage(transaction, chat, { ...chat, standing: 'accepted', hidden: false, draft: '' })
    })
    wake(chatId)
    receipts.schedule(chatId)
    return messageId
  }

  const refreshPeer = async (accountId: AccountId) => {
    try {
      await people.learn([await calls.call('readAccount', { accountId })])
    } catch (error) {
      if (error instanceof ProtocolError && error.code === 'ACCOUNT_GONE') await markGone(context, accountId)
    }
  }

  return {
    sendText,

    async findAccount({ handle }: Parameters<EngineRequests['findAccount']>[0]): Promise<AccountSummary> {
      const parsed = handleSchema.safeParse(handle.trim().toLowerCase().replace(/^@/, ''))
      if (!parsed.success) throw toEngineError(new ProtocolError('ACCOUNT_NOT_FOUND'))
      const summary = await calls.call('findAccount', { handle: parsed.data })
      await people.learn([summary])
      return summary
    },

    async openDirectChat({ accountId }: Parameters<EngineRequests['openDirectChat']>[0]): Promise<ChatId> {
      if (accountId === self.accountId) throw engineFailure('ENGINE_CHAT_SELF')
      const chatId = directChatId(accountId)
      if (chats.get(chatId) !== undefined) {
        void refreshPeer(accountId).catch(() => undefined)
        return chatId
      }
      const isKnown = people.get(accountId)?.gone === false
      const peer = isKnown ? people.describe(accountId) : await calls.call('readAccount', { accountId })
      await ledger.transact(transaction => {
        if (chats.get(chatId) === undefined) chats.stage(transaction, newChat(peer, 'new', clock.now()))
      })
      return chatId
    },

    async retryMessage({ chatId, messageId }: Parameters<EngineRequests['retryMessage']>[0]): Promise<void> {
      await ledger.transact(transaction => {
        assertSendable(known(chatId))
        const entry = outbox.find(chatId, messageId)
        if (entry === undefined) throw engineFailure('ENGINE_MESSAGE_UNKNOWN')
        if (entry.state.kind !== 'failed') return
        const { sealed } = entry.state
        outbox.stagePut(transaction, {
          ...entry,
          state: sealed === null ? { kind: 'queued' } : { kind: 'sealed', sealed },
        })
      })
      wake(chatId)
    },

    async discardMessage({
      chatId,
      messageId,
    }: Parameters<EngineRequests['discardMessage']>[0]): Promise<void> {
      await ledger.transact(transaction => {
        const entry = outbox.find(chatId, messageId)
        if (entry === undefined) throw engineFailure('ENGINE_MESSAGE_UNKNOWN')
        if (entry.state.kind === 'sealed') throw engineFailure('ENGINE_MESSAGE_IN_FLIGHT')
        outbox.stageRemove(transaction, entry)
      })
    },

    async answerRequest({ chatId, answer }: Parameters<EngineRequests['answerRequest']>[0]): Promise<void> {
      // Who wants no part of a group leaves it. Only a person can be blocked.
      if (known(chatId).kind === 'group' && answer !== 'accept') {
        return refuseGroup(context, mirror, chatId, () => leaveGroup({ chatId }))
      }
      await edit(chatId, chat => {
        switch (answer) {
          case 'accept':
            return { ...chat, standing: 'accepted', hidden: false }
          case 'refuse':
            return { ...chat, hidden: true, unread: 0, readSeq: Math.max(chat.readSeq, chat.peerSeq) }
          case 'block':
            return { ...chat, blocked: true, unread: 0 }
        }
      })
      receipts.schedule(chatId)
      wake(chatId)
    },

    async setBlocked({ accountId, blocked }: Parameters<EngineRequests['setBlocked']>[0]): Promise<void> {
      const chatId = directChatId(accountId)
      await edit(chatId, chat => ({ ...chat, blocked, hidden: false }))
      wake(chatId)
    },

    async markRead({ chatId, seq }: Parameters<EngineRequests['markRead']>[0]): Promise<void> {
      await ledger.transact(async transaction => {
        const chat = known(chatId)
        const next = await readUpTo(log, chat, Math.min(seq, chat.last?.seq ?? 0))
        if (next !== undefined) mirror.stage(transaction, chat, next)
      })
      receipts.schedule(chatId)
    },

    dismissDoubt: ({ chatId }: Parameters<EngineRequests['dismissDoubt']>[0]): Promise<void> =>
      edit(chatId, chat => ((chat.doubt ?? null) === null ? undefined : { ...chat, doubt: null })),

    setDraft: ({ chatId, text }: Parameters<EngineRequests['setDraft']>[0]): Promise<void> =>
      edit(chatId, chat => (chat.draft === text ? undefined : { ...chat, draft: text })),

    async setTyping({ chatId, active }: Parameters<EngineRequests['setTyping']>[0]): Promise<void> {
      typing.tell(chatId, active)
    },
  }
}
export type ChatRequests = ReturnType<typeof createChatRequests>
