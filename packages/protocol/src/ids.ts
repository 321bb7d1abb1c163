import { z } from 'zod'

declare const brand: unique symbol

/** 128 random bits, written as 32 lowercase hexadecimal digits everywhere but in binary frame headers. */
type Id<Name extends string> = string & { readonly [brand]: Name }

export type AccountId = Id<'AccountId'>
export type DeviceId = Id<'DeviceId'>
/** Also the MLS group id of the conversation (RFC 9420, section 8.1). */
export type ConversationId = Id<'ConversationId'>
/** Chosen by the sending client; the key of idempotence together with conversation and sender device. */
export type MessageId = Id<'MessageId'>
/** Names an invite link to the server; the link's secret is not derived from it. */
export type InviteId = Id<'InviteId'>

const ID_PATTERN = /^[0-9a-f]{32}$/

const idSchema = <T extends string>(description: string) =>
  z
    .string()
    .regex(ID_PATTERN, 'expected 32 lowercase hexadecimal digits')
    .meta({ description })
    .transform(value => value as T)

export const accountIdSchema = idSchema<AccountId>('account id')
export const deviceIdSchema = idSchema<DeviceId>('device id')
export const conversationIdSchema = idSchema<ConversationId>('conversation id')
export const messageIdSchema = idSchema<MessageId>('message id')
export const inviteIdSchema = idSchema<InviteId>('invite id')

export const ID_BYTES = 16

/** Value of a hexadecimal digit → its character code. */
const CODE = Uint8Array.from('0123456789abcdef', digit => digit.charCodeAt(0))
const codes: number[] = Array.from({ length: 2 * ID_BYTES }, () => 0)

/** 16 bytes at `offset` → identifier. */
export function readId<T extends AccountId | DeviceId | ConversationId | MessageId | InviteId>(
  bytes: Uint8Array,
  offset = 0,
): T {
  if (offset + ID_BYTES > bytes.length) throw new RangeError('identifier reaches past the end')
  for (let index = 0; index < ID_BYTES; index++) {
    const byte = bytes[offset + index] ?? 0
    codes[2 * index] = CODE[byte >> 4] ?? 0
    codes[2 * index + 1] = CODE[byte & 15] ?? 0
  }
  // Made at once: a string that was added up piece by piece is put together only when it is first looked up.
  return String.fromCharCode.apply(null, codes) as T
}

/** Character code → value of the hexadecimal digit. */
const DIGIT = Uint8Array.from(
  { length: 128 },
  (_, code) => Number.parseInt(String.fromCharCode(code), 16) || 0,
)

/** Identifier → its 16 bytes, written into `target` at `offset`. Several for every message: no strings are cut here. */
export function writeId(id: string, target: Uint8Array, offset = 0): void {
  for (let index = 0; index < ID_BYTES; index++) {
    const high = DIGIT[id.charCodeAt(2 * index)] ?? 0
    const low = DIGIT[id.charCodeAt(2 * index + 1)] ?? 0
    target[offset + index] = 16 * high + low
  }
}

/** Identifier → its 16 bytes. */
export function idToBytes(id: string): Uint8Array {
  const bytes = new Uint8Array(ID_BYTES)
  writeId(id, bytes)
  return bytes
}
