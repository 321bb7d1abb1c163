import type { Crypto } from '@entangle/crypto'
import { idToBytes } from '@entangle/protocol'
import type { Actor } from '../devices/actor.ts'
import type { DoubtfulSend } from '../devices/send-watch.ts'
import { openStoredState } from '../devices/stored-state.ts'

export type GenerationVerdict = 'fresh' | 'used twice' | 'unknown'

/**
 * The generation of a message is encrypted, so another member is asked: a copy of its stored state opens what the
 * sender has encrypted in this epoch before, and then this one. If that key is gone, it was used for something else.
 * Asked before the network has carried the message, so that nobody can have opened it already.
 */
export function checkGeneration(
  crypto: Crypto,
  actors: readonly Actor[],
  sender: Actor,
  send: DoubtfulSend,
): GenerationVerdict {
  const groupId = idToBytes(send.conversationId)
  for (const witness of actors) {
    if (witness === sender) continue
    const state = openStoredState(crypto, witness.body, witness.person.accountId, send.conversationId)
    try {
      const epoch = Number(state.groupStatus(groupId)?.epoch ?? -1)
      if (epoch < send.epoch || epoch > send.epoch + 2) continue
      for (const { body } of send.before) state.processMessage(groupId, body)
      const opened = state.processMessage(groupId, send.body)
      if (opened.kind === 'application') return 'fresh'
      if (opened.kind === 'failure' && opened.code === 'CRYPTO_REPLAY') return 'used twice'
    } finally {
      state.close()
    }
  }
  return 'unknown'
}
