import type { DeviceState, GroupStatus } from '@entangle/crypto'
import { LIMITS } from '@entangle/protocol'
import type { EpochKeys } from '../chats/chat-record.ts'

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
