import { type Crypto, createSealer, type DeviceState } from '@entangle/crypto'
import type { AccountId, ConversationId } from '@entangle/protocol'
import type { Body } from './life.ts'

const utf8 = new TextEncoder()

/**
 * One group's MLS state as it lies in a device's store, opened beside the engine: for looking, never for sending.
 * What is done with it changes nothing of the device.
 */
export function openStoredState(
  crypto: Crypto,
  { key: storeKey, medium }: Body,
  accountId: AccountId,
  conversationId: ConversationId,
): DeviceState {
  const sealer = createSealer(storeKey)
  const root = `a/${accountId}/mls/`
  const scopes = [`${root}s/`, `${root}g/${conversationId}/`]
  const entries = [...medium.values]
    .filter(([key]) => scopes.some(scope => key.startsWith(scope)))
    .map(([key, value]) => ({ key: key.slice(root.length), value: sealer.open(value, utf8.encode(key)) }))
  return crypto.openDeviceState(entries)
}
