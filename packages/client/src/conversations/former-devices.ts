import type { DeviceState } from '@entangle/crypto'
import { type ConversationId, idToBytes } from '@entangle/protocol'
import type { Self } from '../account/context.ts'
import { memberOf } from '../identity/leaf-check.ts'

/** Leaves of this account that are not this device. While an account has one device, they are of the past. */
export const formerDevices = (mls: DeviceState, conversationId: ConversationId, self: Self): number[] =>
  mls
    .groupMembers(idToBytes(conversationId))
    .filter(leaf => {
      const member = memberOf(leaf)
      return member.accountId === self.accountId && member.deviceId !== self.deviceId
    })
    .map(leaf => leaf.leafIndex)
