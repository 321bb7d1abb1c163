import { type ConversationId, type DeviceId, ID_BYTES, type MessageId, readId, writeId } from '../ids.ts'

/**
 * The three frames that carry messages. They have a fixed header in network byte order and an opaque
 * body, so that the server neither decodes a message to store it nor encodes it once a recipient.
 *
 * SEND     01 ver flags:u16 conversation:16 message:16 epoch:u64 counter:u64                        body
 * ACK      02 ver status:u16 conversation:16 message:16 seq:u64 time:u64
 * DELIVER  03 ver kind:u16 conversation:16 message:16 epoch:u64 seq:u64 time:u64 device:16          body
 */
export const FRAME = { send: 0x01, ack: 0x02, deliver: 0x03, control: 0x10 } as const
export const FRAME_VERSION = 1

export const SEND_HEADER_BYTES = 4 + 2 * ID_BYTES + 8 + 8
export const ACK_BYTES = 4 + 2 * ID_BYTES + 8 + 8
export const DELIVER_HEADER_BYTES = 4 + 2 * ID_BYTES + 8 + 8 + 8 + ID_BYTES

/** A message on its way to the server. */
export type SendFrame = {
  readonly conversationId: ConversationId
  readonly messageId: MessageId
  /** The epoch the body is encrypted in. */
  readonly epoch: number
  /** Counts this device's encryptions, from 1, over all conversations; resent bytes keep their number. */
  readonly counter: number
  readonly body: Uint8Array
}

/** The outcome of a SEND. `status` 0 is acceptance; otherwise the number of an error in the catalogue. */
export type AckFrame = {
  readonly conversationId: ConversationId
  readonly messageId: MessageId
  readonly status: number
  /** On acceptance the message's place; on CHAT_EPOCH_STALE the current epoch. */
  readonly seq: number
  readonly serverTime: number
}

export const EVENT_KINDS = ['application', 'commit', 'proposal'] as const
export type EventKind = (typeof EVENT_KINDS)[number]

/** One event of a conversation's log on its way to a member. */
export type DeliverFrame = {
  readonly kind: EventKind
  readonly conversationId: ConversationId
  readonly messageId: MessageId
  readonly epoch: number
  readonly seq: number
  readonly serverTime: number
  readonly senderDevice: DeviceId
  readonly body: Uint8Array
}

// Byte by byte, without a view for each frame: that would cost as much as all the fields.

function writeU16(target: Uint8Array, offset: number, value: number): void {
  target[offset] = value >>> 8
  target[offset + 1] = value
}

function writeU32(target: Uint8Array, offset: number, value: number): void {
  writeU16(target, offset, value >>> 16)
  writeU16(target, offset + 2, value)
}

function writeU64(target: Uint8Array, offset: number, value: number): void {
  writeU32(target, offset, Math.floor(value / 0x1_0000_0000))
  writeU32(target, offset + 4, value >>> 0)
}

const readU16 = (source: Uint8Array, offset: number): number =>
  ((source[offset] ?? 0) << 8) | (source[offset + 1] ?? 0)

const readU32 = (source: Uint8Array, offset: number): number =>
  readU16(source, offset) * 0x1_0000 + readU16(source, offset + 2)

/** Integers past 2^53 are refused: nothing honest counts that far. */
function readU64(source: Uint8Array, offset: number): number | undefined {
  const value = readU32(source, offset) * 0x1_0000_0000 + readU32(source, offset + 4)
  return Number.isSafeInteger(value) ? value : undefined
}

/** Where a frame of this length is to be written, all of it. */
export type Place = (length: number) => Uint8Array

const newPlace: Place = length => new Uint8Array(length)

function startFrame(length: number, type: number, field: number, place = newPlace): Uint8Array {
  const bytes = place(length)
  bytes[0] = type
  bytes[1] = FRAME_VERSION
  writeU16(bytes, 2, field)
  return bytes
}

function hasHeader(bytes: Uint8Array, type: number, headerBytes: number): boolean {
  return bytes.length >= headerBytes && bytes[0] === type && bytes[1] === FRAME_VERSION
}

export function encodeSend(frame: SendFrame): Uint8Array {
  const bytes = startFrame(SEND_HEADER_BYTES + frame.body.length, FRAME.send, 0)
  writeId(frame.conversationId, bytes, 4)
  writeId(frame.messageId, bytes, 20)
  writeU64(bytes, 36, frame.epoch)
  writeU64(bytes, 44, frame.counter)
  bytes.set(frame.body, SEND_HEADER_BYTES)
  return bytes
}

/** Untrusted bytes → frame, or undefined. The body is a view of the same memory. */
export function parseSend(bytes: Uint8Array): SendFrame | undefined {
  if (!hasHeader(bytes, FRAME.send, SEND_HEADER_BYTES + 1)) return undefined
  const epoch = readU64(bytes, 36)
  const counter = readU64(bytes, 44)
  if (readU16(bytes, 2) !== 0 || epoch === undefined || counter === undefined) return undefined
  return {
    conversationId: readId(bytes, 4),
    messageId: readId(bytes, 20),
    epoch,
    counter,
    body: bytes.subarray(SEND_HEADER_BYTES),
  }
}

export function encodeAck(frame: AckFrame): Uint8Array {
  const bytes = startFrame(ACK_BYTES, FRAME.ack, frame.status)
  writeId(frame.conversationId, bytes, 4)
  writeId(frame.messageId, bytes, 20)
  writeU64(bytes, 36, frame.seq)
  writeU64(bytes, 44, frame.serverTime)
  return bytes
}

export function parseAck(bytes: Uint8Array): AckFrame | undefined {
  if (!hasHeader(bytes, FRAME.ack, ACK_BYTES) || bytes.length !== ACK_BYTES) return undefined
  const seq = readU64(bytes, 36)
  const serverTime = readU64(bytes, 44)
  if (seq === undefined || serverTime === undefined) return undefined
  return {
    conversationId: readId(bytes, 4),
    messageId: readId(bytes, 20),
    status: readU16(bytes, 2),
    seq,
    serverTime,
  }
}

export function encodeDeliver(frame: DeliverFrame, place = newPlace): Uint8Array {
  const bytes = startFrame(
    DELIVER_HEADER_BYTES + frame.body.length,
    FRAME.deliver,
    EVENT_KINDS.indexOf(frame.kind),
    place,
  )
  writeId(frame.conversationId, bytes, 4)
  writeId(frame.messageId, bytes, 20)
  writeU64(bytes, 36, frame.epoch)
  writeU64(bytes, 44, frame.seq)
  writeU64(bytes, 52, frame.serverTime)
  writeId(frame.senderDevice, bytes, 60)
  bytes.set(frame.body, DELIVER_HEADER_BYTES)
  return bytes
}

export function parseDeliver(bytes: Uint8Array): DeliverFrame | undefined {
  if (!hasHeader(bytes, FRAME.deliver, DELIVER_HEADER_BYTES + 1)) return undefined
  const kind = EVENT_KINDS[readU16(bytes, 2)]
  const epoch = readU64(bytes, 36)
  const seq = readU64(bytes, 44)
  const serverTime = readU64(bytes, 52)
  if (kind === undefined || epoch === undefined || seq === undefined || serverTime === undefined)
    return undefined
  return {
    kind,
    conversationId: readId(bytes, 4),
    messageId: readId(bytes, 20),
    epoch,
    seq,
    serverTime,
    senderDevice: readId(bytes, 60),
    body: bytes.subarray(DELIVER_HEADER_BYTES),
  }
}
