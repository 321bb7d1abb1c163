import { createSealer } from '@entangle/crypto'
import { type ConversationId, type DeviceId, decodeCbor, encodeCbor, idToBytes } from '@entangle/protocol'
import { concatBytes, utf8Bytes } from '../bytes.ts'
import type { EpochKeys } from '../chats/chat-record.ts'

export type SignalKind = 'receipt' | 'ephemeral'

export type SignalPlace = {
  readonly conversationId: ConversationId
  readonly senderDevice: DeviceId
  readonly epoch: number
}

/** Bound to the sealed body: kind, conversation, sender and epoch. */
function bindingOf(kind: SignalKind, { conversationId, senderDevice, epoch }: SignalPlace): Uint8Array {
  return concatBytes(
    utf8Bytes(`entangle ${kind} ${String(epoch)} `),
    idToBytes(conversationId),
    idToBytes(senderDevice),
  )
}

/** Under the epoch's exporter key, with a random nonce. */
export const sealSignal = (
  kind: SignalKind,
  keys: EpochKeys,
  place: SignalPlace,
  content: unknown,
): Uint8Array => createSealer(keys[kind]).seal(encodeCbor(content), bindingOf(kind, place))

/** Undefined when it does not open: a hint that is lost harms nobody. */
export function openSignal(kind: SignalKind, keys: EpochKeys, place: SignalPlace, body: Uint8Array): unknown {
  try {
    return decodeCbor(createSealer(keys[kind]).open(body, bindingOf(kind, place)))
  } catch {
    return undefined
  }
}
