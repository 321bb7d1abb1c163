import { ephemeralContentSchema } from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import type { ChatId } from '../api/engine-api.ts'
import { mayAnswer } from '../chats/chat-record.ts'
import type { ReceiptFrame } from './receipts.ts'
import { openSignal, sealSignal } from './sealed-signal.ts'

/** Who is writing: sealed, never stored, gone after five seconds of silence. */
export function createTyping(context: AccountContext) {
  const { self, chats, clock, timing, sender, changes } = context
  const active = new Map<ChatId, () => void>()
  const toldAt = new Map<ChatId, number>()

  const set = (chatId: ChatId, typing: boolean) => {
    const expiry = active.get(chatId)
    expiry?.()
    active.delete(chatId)
    if (typing)
      active.set(
        chatId,
        clock.after(timing.typingExpiry, () => set(chatId, false)),
      )
    if (typing !== (expiry !== undefined)) changes.tell({ kind: 'chat', chatId })
  }

  const stopListening = changes.listen(change => {
    // Whoever's message arrives has stopped writing it.
    if (change.kind === 'messages' && change.messages.some(message => !message.own)) set(change.chatId, false)
  })

  return {
    isTyping: (chatId: ChatId): boolean => active.has(chatId),
    take(frame: ReceiptFrame): void {
      const chat = chats.ofConversation(frame.conversationId)
      if (chat?.conversation.phase !== 'active' || chat.blocked || chat.hidden) return
      if (chat.kind !== 'direct' || frame.senderAccount !== chat.peer.accountId) return
      const keys = chat.conversation.keys.find(({ epoch }) => epoch === frame.epoch)
      if (keys === undefined) return
      const content = ephemeralContentSchema.safeParse(openSignal('ephemeral', keys, frame, frame.body)).data
      if (content !== undefined) set(chat.id, content.active)
    },
    /** The person here is writing, or has stopped. */
    tell(chatId: ChatId, typing: boolean): void {
      const chat = chats.get(chatId)
      if (chat?.conversation.phase !== 'active' || !mayAnswer(chat)) return
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
      for (const cancel of active.values()) cancel()
      active.clear()
    },
  }
}
export type Typing = ReturnType<typeof createTyping>
