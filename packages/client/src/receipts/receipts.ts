import { type AccountId, receiptContentSchema, type ServerControl } from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import type { ChatId } from '../api/engine-api.ts'
import type { ActiveConversation, ChatRecord, Marks } from '../chats/chat-record.ts'
import { mayTell, newerMarks } from './reach.ts'
import { openSignal, sealSignal } from './sealed-signal.ts'
import type { Senders } from './senders.ts'

export type ReceiptFrame = Omit<Extract<ServerControl, { t: 'receipt' }>, 't'>

/** What the others could be told now, if it is news: marks move only for messages of theirs. */
function news(chat: ChatRecord, { cursor }: ActiveConversation): Marks | undefined {
  const read = Math.min(chat.readSeq, chat.peerSeq)
  const delivered = Math.min(cursor, chat.peerSeq)
  if (delivered <= chat.receipted.delivered && read <= chat.receipted.read) return undefined
  return newerMarks(chat.receipted, { delivered, read })
}

/** The chat with what somebody of it has told; undefined when that is no news. */
function withMarks(chat: ChatRecord, from: AccountId, told: Marks): ChatRecord | undefined {
  const before = chat.kind === 'direct' ? chat.marks : (chat.group.marks[from] ?? NO_MARKS)
  // Of somebody's devices the one that is furthest counts: a person reads on one of them.
  const marks = newerMarks(before, { ...told, delivered: Math.max(told.delivered, told.read) })
  if (marks.delivered === before.delivered && marks.read === before.read) return undefined
  if (chat.kind === 'direct') return { ...chat, marks }
  return { ...chat, group: { ...chat.group, marks: { ...chat.group.marks, [from]: marks } } }
}
const NO_MARKS: Marks = { delivered: 0, read: 0 }

/** Delivered and read marks, both ways: coalesced, the newest wins, lost ones are made up by the next. */
export function createReceipts(context: AccountContext, senders: Senders) {
  const { self, chats, clock, timing, ledger, sender, diagnostics } = context
  const timers = new Map<ChatId, () => void>()
  const lastSent = new Map<ChatId, number>()
  /** Sealed in an epoch that is not reached yet: the newest of each device in each conversation. */
  const early = new Map<string, ReceiptFrame>()
  let stopped = false

  const tell = async (chatId: ChatId) => {
    const chat = chats.get(chatId)
    if (chat?.conversation.phase !== 'active' || !mayTell(chat)) return
    const marks = news(chat, chat.conversation)
    const [keys] = chat.conversation.keys
    if (marks === undefined || keys === undefined) return
    const { conversationId } = chat.conversation
    const place = { conversationId, senderDevice: self.deviceId, epoch: keys.epoch }
    const body = sealSignal('receipt', keys, place, marks)
    if (!sender.control({ t: 'receipt', conversationId, epoch: keys.epoch, body })) return
    lastSent.set(chatId, clock.now())
    await ledger.transact(transaction => {
      const present = chats.get(chatId)
      if (present !== undefined) {
        chats.stage(transaction, { ...present, receipted: newerMarks(present.receipted, marks) })
      }
    })
  }

  const schedule = (chatId: ChatId) => {
    if (stopped || timers.has(chatId)) return
    const chat = chats.get(chatId)
    if (chat?.conversation.phase !== 'active' || !mayTell(chat)) return
    if (news(chat, chat.conversation) === undefined) return
    const since = clock.now() - (lastSent.get(chatId) ?? 0)
    // The first of a burst goes at once, the rest together.
    const delay = Math.max(10, timing.receiptDelay - since)
    const cancel = clock.after(delay, () => {
      timers.delete(chatId)
      tell(chatId).catch(error => diagnostics.note('RECEIPT_FAILED', error))
    })
    timers.set(chatId, cancel)
  }

  const take = async (frame: ReceiptFrame): Promise<void> => {
    const chat = chats.ofConversation(frame.conversationId)
    if (chat?.conversation.phase !== 'active') return
    const keys = chat.conversation.keys.find(({ epoch }) => epoch === frame.epoch)
    if (keys === undefined) {
      if (frame.epoch > (chat.conversation.keys[0]?.epoch ?? 0))
        early.set(`${frame.conversationId}/${frame.senderDevice}`, frame)
      return
    }
    const marks = receiptContentSchema.safeParse(openSignal('receipt', keys, frame, frame.body)).data
    const from = await senders.accountOf(frame.conversationId, frame.senderDevice)
    if (marks === undefined || from === undefined || from === self.accountId) return
    await ledger.transact(transaction => {
      const present = chats.get(chat.id)
      const next = present === undefined ? undefined : withMarks(present, from, marks)
      if (next !== undefined) chats.stage(transaction, next)
    })
  }

  return {
    take(frame: ReceiptFrame): void {
      take(frame).catch(error => diagnostics.note('RECEIPT_FAILED', error))
    },
    /** Something of the chat has changed that the others may be told. */
    schedule,
    /** A later epoch was reached. */
    retryEarly(chat: ChatRecord): void {
      if (chat.conversation.phase !== 'active') return
      const epoch = chat.conversation.keys[0]?.epoch ?? 0
      for (const [key, frame] of early) {
        if (frame.conversationId !== chat.conversation.conversationId || frame.epoch > epoch) continue
        early.delete(key)
        this.take(frame)
      }
    },
    stop(): void {
      stopped = true
      for (const cancel of timers.values()) cancel()
      timers.clear()
    },
  }
}
export type Receipts = ReturnType<typeof createReceipts>
