import { type AccountId, ephemeralContentSchema } from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import type { ChatId } from '../api/engine-api.ts'
import { mayTell } from './reach.ts'
import type { ReceiptFrame } from './receipts.ts'
import { openSignal, sealSignal } from './sealed-signal.ts'
import type { Senders } from './senders.ts'

const NOBODY: ReadonlyMap<AccountId, () => void> = new Map()

/** Who is writing: sealed, never stored, gone after five seconds of silence. */
export function createTyping(context: AccountContext, senders: Senders) {
  const { self, chats, clock, timing, sender, changes, diagnostics } = context
  /** In each chat who is writing, and how to end the wait for their next sign. */
  const active = new Map<ChatId, Map<AccountId, () => void>>()
  const toldAt = new Map<ChatId, number>()

  const set = (chatId: ChatId, accountId: AccountId, typing: boolean) => {
    const writers = new Map(active.get(chatId) ?? NOBODY)
    const expiry = writers.get(accountId)
    expiry?.()
    if (typing) {
      writers.set(
        accountId,
        clock.after(timing.typingExpiry, () => set(chatId, accountId, false)),
      )
    } else writers.delete(accountId)
    active.set(chatId, writers)
    if (typing !== (expiry !== undefined)) changes.tell({ kind: 'chat', chatId })
  }

  const stopListening = changes.listen(change => {
    if (change.kind !== 'messages') return
    // Whoever's message arrives has stopped writing it.
    for (const { from, own } of change.messages) if (!own) set(change.chatId, from, false)
  })

  const take = async (frame: ReceiptFrame): Promise<void> => {
    const chat = chats.ofConversation(frame.conversationId)
    if (chat?.conversation.phase !== 'active' || chat.blocked || chat.hidden) return
    const keys = chat.conversation.keys.find(({ epoch }) => epoch === frame.epoch)
    if (keys === undefined) return
    const content = ephemeralContentSchema.safeParse(openSignal('ephemeral', keys, frame, frame.body)).data
    const from = await senders.accountOf(frame.conversationId, frame.senderDevice)
    if (content === undefined || from === undefined || from === self.accountId) return
    set(chat.id, from, content.active)
  }

  return {
    /** Who is writing at the moment, who began first. */
    writers: (chatId: ChatId): readonly AccountId[] => [...(active.get(chatId) ?? NOBODY).keys()],
    take(frame: ReceiptFrame): void {
      take(frame).catch(error => diagnostics.note('TYPING_FAILED', error))
    },
    /** The person here is writing, or has stopped. */
    tell(chatId: ChatId, typing: boolean): void {
      const chat = chats.get(chatId)
      if (chat?.conversation.phase !== 'active' || !mayTell(chat)) return
      const last = toldAt.get(chatId)
      if (typing ? clock.now() - (last ?? 0) < timing.typingRepeat : last === undefined) return
      const [keys] = chat.conversation.keys
      if (keys === undefined) return
      const { conversationId } = chat.conversation
      const place = { conversationId, senderDevice: self.deviceId, epoch: keys.epoch }
      const body = sealSignal('ephemeral', keys, place, { kind: 'typing', active: typing })
      sender.control({ t: 'ephemeral', conversationId, epoch: keys.epoch, body })
      if (typing) toldAt.set(chatId, clock.now())
      else toldAt.delete(chatId)
    },
    stop(): void {
      stopListening()
      for (const writers of active.values()) for (const cancel of writers.values()) cancel()
      active.clear()
    },
  }
}
export type Typing = ReturnType<typeof createTyping>
