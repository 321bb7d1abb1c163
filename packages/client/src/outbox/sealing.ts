import { padToBucket } from '@entangle/crypto'
import { encodeContent, idToBytes } from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import { between } from '../account/timing.ts'
import type { ChatId } from '../api/engine-api.ts'
import { isHeldBack, isOver } from '../chats/chat-record.ts'
import { mustSweepFirst } from '../conversations/former-devices.ts'
import { seenPlaces } from '../conversations/transcript.ts'
import type { OutboxEntry } from './outbox-entry.ts'

/** Several members may see at once that somebody has to be put out; one of them is enough. */
const SOON = { min: 0, max: 500 }

/**
 * Encrypts the next queued messages of a chat, up to `room`. MLS state, ciphertexts and counter are stored in
 * one atomic write, before anybody may send: from then on only these bytes go out under these ids.
 * While a message of an earlier epoch is unanswered nothing newer is encrypted, or it could overtake.
 */
export function sealNext(context: AccountContext, chatId: ChatId, room: number): Promise<OutboxEntry[]> {
  const { chats, clock, counter, ledger, outbox } = context
  return ledger.transact(async transaction => {
    const chat = chats.get(chatId)
    if (chat?.conversation.phase !== 'active' || counter.isRolledBack()) return []
    if (chat.warning !== null || chat.blocked || isOver(chat) || isHeldBack(chat)) return []
    const { conversationId } = chat.conversation
    await transaction.openGroup(conversationId)
    const groupId = idToBytes(conversationId)
    const epoch = Number(transaction.mls.groupStatus(groupId)?.epoch ?? -1)
    // A device that has left its account may be in other hands: it is put out first.
    if (mustSweepFirst(transaction.mls, chat.conversation, context)) {
      const soon = clock.now() + SOON.max
      const { commit, sweepDueAt: due } = chat.conversation
      if (commit === null && (due === null || due > soon)) {
        const sweepDueAt = clock.now() + between(SOON, clock.random())
        chats.stage(transaction, { ...chat, conversation: { ...chat.conversation, sweepDueAt } })
      }
      return []
    }
    const entries = outbox.list(chatId)
    const overtakes = entries.some(({ messageId, state }) => {
      return state.kind === 'sealed' && state.sealed.epoch !== epoch && !outbox.acceptance(messageId)
    })
    if (overtakes) return []

    const seen = seenPlaces(chat.conversation.transcript)
    let count = counter.value()
    const sealed = entries
      .filter(entry => entry.state.kind === 'queued')
      .slice(0, room)
      .map((entry): OutboxEntry => {
        const content = encodeContent({
          v: 1,
          id: entry.messageId,
          sentAt: entry.createdAt,
          ...(seen.length === 0 ? {} : { seen }),
          ...entry.content,
        })
        const body = transaction.mls.encrypt(groupId, padToBucket(content), idToBytes(entry.messageId))
        count += 1
        return {
          ...entry,
          state: { kind: 'sealed', sealed: { conversationId, epoch, counter: count, body } },
        }
      })
    if (sealed.length === 0) return []
    counter.stage(transaction, count)
    for (const entry of sealed) outbox.stagePut(transaction, entry)
    return sealed
  })
}
