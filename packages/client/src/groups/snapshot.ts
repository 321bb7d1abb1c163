import { createSealer, type DeviceState, deriveKey, padToBucket, unpad } from '@entangle/crypto'
import { type ConversationId, type InviteId, idToBytes } from '@entangle/protocol'
import { concatBytes, utf8Bytes } from '../bytes.ts'
import { encodeHeldState, parseHeldState } from './held-state.ts'
import type { HeldState } from './state.ts'

/** For whom a snapshot is; bound to its seal, so that it opens in no other place. */
export type SnapshotPlace =
  /** Who was added: the epoch that they enter. */
  | { readonly for: 'joiner'; readonly conversationId: ConversationId; readonly epoch: number }
  /** Who holds a link. */
  | { readonly for: 'invite'; readonly conversationId: ConversationId; readonly inviteId: InviteId }

const LABEL = 'entangle snapshot'
const KEY_BYTES = 32
const NO_CONTEXT = new Uint8Array()

/** Of the epoch that a commit begins which the server has not accepted yet. */
export const pendingSnapshotKey = (mls: DeviceState, conversationId: ConversationId): Uint8Array =>
  mls.exportPendingSecret(idToBytes(conversationId), LABEL, NO_CONTEXT, KEY_BYTES)

/** The same, for who has entered that epoch. */
export const presentSnapshotKey = (mls: DeviceState, conversationId: ConversationId): Uint8Array =>
  mls.exportSecret(idToBytes(conversationId), LABEL, NO_CONTEXT, KEY_BYTES)

export const inviteSnapshotKey = (inviteId: InviteId, secret: Uint8Array): Uint8Array =>
  deriveKey(secret, 'invite state', idToBytes(inviteId))

function bindingOf(place: SnapshotPlace): Uint8Array {
  const start = utf8Bytes(
    place.for === 'joiner' ? `entangle snapshot joiner ${String(place.epoch)} ` : 'entangle snapshot invite ',
  )
  const conversation = idToBytes(place.conversationId)
  return place.for === 'joiner'
    ? concatBytes(start, conversation)
    : concatBytes(start, conversation, idToBytes(place.inviteId))
}

/** Padded: its length says little of name, topic and picture. */
export const sealSnapshot = (key: Uint8Array, place: SnapshotPlace, held: HeldState): Uint8Array =>
  createSealer(key).seal(padToBucket(encodeHeldState(held)), bindingOf(place))

/** Undefined when it does not open here or is no state. */
export function openSnapshot(
  key: Uint8Array,
  place: SnapshotPlace,
  sealed: Uint8Array,
): HeldState | undefined {
  try {
    return parseHeldState(unpad(createSealer(key).open(sealed, bindingOf(place))))
  } catch {
    return undefined
  }
}
