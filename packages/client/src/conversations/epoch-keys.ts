import type { DeviceState, GroupStatus } from '@entangle/crypto'
import { idToBytes, LIMITS } from '@entangle/protocol'
import type { AccountContext } from '../account/context.ts'
import type { ActiveConversation, ChatRecord, EpochKeys } from '../chats/chat-record.ts'

const KEY_BYTES = 32
const NO_CONTEXT = new Uint8Array()

/** Keys of the present epoch for receipts and for what is never stored. */
export function exportEpochKeys(mls: DeviceState, { groupId, epoch }: GroupStatus): EpochKeys {
  return {
    epoch: Number(epoch),
    receipt: mls.exportSecret(groupId, 'entangle receipt', NO_CONTEXT, KEY_BYTES),
    ephemeral: mls.exportSecret(groupId, 'entangle ephemeral', NO_CONTEXT, KEY_BYTES),
  }
}

/** Keys are kept as long as messages of their epoch are accepted. */
export const withEpochKeys = (keys: readonly EpochKeys[], next: EpochKeys): EpochKeys[] =>
  [next, ...keys.filter(({ epoch }) => epoch !== next.epoch)].slice(0, LIMITS.pastEpochs + 1)

/** The keys that are still within the time for which those of past epochs are kept. Each ended when the next began. */
export const keysWithin = (keys: readonly EpochKeys[], endedBefore: number): EpochKeys[] =>
  keys.filter((_, at) => {
    const end = keys[at - 1]?.since
    return end === undefined || end >= endedBefore
  })

/** Deletes the keys of epochs that ended long ago, here and in the MLS state. Answers whether there were any. */
export async function forgetPastEpochs(
  { chats, clock, ledger, timing }: AccountContext,
  chat: ChatRecord,
  { conversationId, keys }: ActiveConversation,
): Promise<boolean> {
  const endedBefore = clock.now() - timing.pastEpochs
  if (keysWithin(keys, endedBefore).length === keys.length) return false
  await ledger.transact(async transaction => {
    const present = chats.get(chat.id)
    if (present?.conversation.phase !== 'active') return
    await transaction.openGroup(conversationId)
    transaction.mls.deletePastEpochs(idToBytes(conversationId), endedBefore)
    const kept = keysWithin(present.conversation.keys, endedBefore)
    chats.stage(transaction, { ...present, conversation: { ...present.conversation, keys: kept } })
  })
  return true
}
