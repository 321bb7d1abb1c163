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

const view = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

function writeU64(target: DataView, offset: number, value: number): void {
  target.setUint32(offset, Math.floor(value / 0x1_0000_0000))
  target.setUint32(offset + 4, value >>> 0)
}

/** Integers past 2^53 are refused: nothing honest counts that far. */
function readU64(source: DataView, offset: number): number | undefined {
  const value = source.getUint32(offset) * 0x1_0000_0000 + source.getUint32(offset + 4)
  return Number.isSafeInteger(value) ? value : undefined
}

/** Where a frame of this length is to be written, all of it. */
export type Place = (length: number) => Uint8Array

const newPlace: Place = length => new Uint8Array(length)

function startFrame(length: number, type: number, field: number, place = newPlace) {
  const bytes = place(length)
  const data = view(bytes)
  data.setUint8(0, type)
  data.setUint8(1, FRAME_VERSION)
  data.setUint16(2, field)
  return { bytes, data }
}

function hasHeader(bytes: Uint8Array, type: number, headerBytes: number): boolean {
  return bytes.length >= headerBytes && bytes[0] === type && bytes[1] === FRAME_VERSION
}

export function encodeSend(frame: SendFrame): Uint8Array {
  const { bytes, data } = startFrame(SEND_HEADER_BYTES + frame.body.length, FRAME.send, 0)
  writeId(frame.conversationId, bytes, 4)
  writeId(frame.messageId, bytes, 20)
  writeU64(data, 36, frame.epoch)
  writeU64(data, 44, frame.counter)
  bytes.set(frame.body, SEND_HEADER_BYTES)
  return bytes
}

/** Untrusted bytes → frame, or undefined. The body is a view of the same memory. */
export function parseSend(bytes: Uint8Array): SendFrame | undefined {
  if (!hasHeader(bytes, FRAME.send, SEND_HEADER_BYTES + 1)) return undefined
  const data = view(bytes)
  const epoch = readU64(data, 36)
  const counter = readU64(data, 44)
  if (data.getUint16(2) !== 0 || epoch === undefined || counter === undefined) return undefined
  return {
    conversationId: readId(bytes, 4),
    messageId: readId(bytes, 20),
    epoch,
    counter,
    body: bytes.subarray(SEND_HEADER_BYTES),
  }
}

export function encodeAck(frame: AckFrame): Uint8Array {
  const { bytes, data } = startFrame(ACK_BYTES, FRAME.ack, frame.status)
  writeId(frame.conversationId, bytes, 4)
  writeId(frame.messageId, bytes, 20)
  writeU64(data, 36, frame.seq)
  writeU64(data, 44, frame.serverTime)
  return bytes
}

export function parseAck(bytes: Uint8Array): AckFrame | undefined {
  if (!hasHeader(bytes, FRAME.ack, ACK_BYTES) || bytes.length !== ACK_BYTES) return undefined
  const data = view(bytes)
  const seq = readU64(data, 36)
  const serverTime = readU64(data, 44)
  if (seq === undefined || serverTime === undefined) return undefined
  return {
    conversationId: readId(bytes, 4),
    messageId: readId(bytes, 20),
    status: data.getUint16(2),
    seq,
    serverTime,
  }
}

export function encodeDeliver(frame: DeliverFrame, place = newPlace): Uint8Array {
  const { bytes, data } = startFrame(
    DELIVER_HEADER_BYTES + frame.body.length,
    FRAME.deliver,
    EVENT_KINDS.indexOf(frame.kind),
    place,
  )
  writeId(frame.conversationId, bytes, 4)
  writeId(frame.messageId, bytes, 20)
  writeU64(data, 36, frame.epoch)
  writeU64(data, 44, frame.seq)
  writeU64(data, 52, frame.serverTime)
  writeId(frame.senderDevice, bytes, 60)
  bytes.set(frame.body, DELIVER_HEADER_BYTES)
  return bytes
}

export function parseDeliver(bytes: Uint8Array): DeliverFrame | undefined {
  if (!hasHeader(bytes, FRAME.deliver, DELIVER_HEADER_BYTES + 1)) return undefined
  const data = view(bytes)
  const kind = EVENT_KINDS[data.getUint16(2)]
  const epoch = readU64(data, 36)
  const seq = readU64(data, 44)
  const serverTime = readU64(data, 52)
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
