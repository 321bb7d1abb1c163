import { describe, expect, test } from 'vitest'
import {
  type ClientControl,
  type ConversationId,
  type DeviceId,
  EVENT_KINDS,
  encodeAck,
  encodeClientControl,
  encodeDeliver,
  encodeSend,
  encodeServerControl,
  type MessageId,
  parseAck,
  parseClientControl,
  parseDeliver,
  parseSend,
  parseServerControl,
  SEND_HEADER_BYTES,
} from '../src/index.ts'
import { seededBytes } from './seeded-bytes.ts'

const conversationId = '000102030405060708090a0b0c0d0e0f' as ConversationId
const messageId = 'f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff' as MessageId
const senderDevice = '0123456789abcdef0123456789abcdef' as DeviceId
const body = Uint8Array.of(1, 2, 3, 250)

describe('P10 the three hot frames', () => {
  test('P10 SEND comes back as it went', () => {
    const frame = { conversationId, messageId, epoch: 7, counter: 2 ** 40 + 5, body }
    expect(parseSend(encodeSend(frame))).toEqual(frame)
  })

  test('P10 ACK comes back as it went', () => {
    const frame = { conversationId, messageId, status: 82, seq: 12, serverTime: 1_800_000_000_123 }
    expect(parseAck(encodeAck(frame))).toEqual(frame)
  })

  test.each(EVENT_KINDS)('P10 DELIVER of %s comes back as it went', kind => {
    const frame = { kind, conversationId, messageId, epoch: 1, seq: 9, serverTime: 3, senderDevice, body }
    expect(parseDeliver(encodeDeliver(frame))).toEqual(frame)
  })

  test('P10 a header cut anywhere, an empty body and another version are refused', () => {
    const whole = encodeSend({ conversationId, messageId, epoch: 1, counter: 1, body })
    for (let length = 0; length <= SEND_HEADER_BYTES; length++) {
      expect(parseSend(whole.subarray(0, length))).toBeUndefined()
    }
    const other = whole.slice()
    other[1] = 2
    expect(parseSend(other)).toBeUndefined()
  })

  test('P10 integers past 2^53 are refused', () => {
    const frame = encodeSend({ conversationId, messageId, epoch: 1, counter: 1, body })
    frame[36] = 0xff
    expect(parseSend(frame)).toBeUndefined()
  })

  test('P10 a frame inside a larger buffer is read at its own offset', () => {
    const frame = { conversationId, messageId, epoch: 7, counter: 9, body }
    const inner = encodeSend(frame)
    const outer = new Uint8Array(inner.length + 11)
    outer.set(inner, 11)
    expect(parseSend(outer.subarray(11))).toEqual(frame)
  })
})

describe('P11 control frames', () => {
  test('P11 every client frame comes back as it went', () => {
    const frames: ClientControl[] = [
      { t: 'hello', version: 1 },
      { t: 'cursor', conversationId, seq: 4 },
      { t: 'receipt', conversationId, epoch: 1, body },
      { t: 'ephemeral', conversationId, epoch: 1, body },
      { t: 'heads' },
      { t: 'ping' },
    ]
    for (const frame of frames) expect(parseClientControl(encodeClientControl(frame))).toEqual(frame)
  })

  test('P11 a kind of a later version is undefined, not an exception', () => {
    const frame = encodeServerControl({ t: 'pong' })
    expect(parseServerControl(frame)).toEqual({ t: 'pong' })
    const changed = frame.slice()
    changed[changed.length - 1] = 'x'.charCodeAt(0)
    expect(parseServerControl(changed)).toBeUndefined()
  })

  test('P11 20,000 hostile frames are refused without an exception', () => {
    const good = encodeClientControl({ t: 'receipt', conversationId, epoch: 1, body })
    const random = seededBytes(Number(process.env['SEED'] ?? 20261123))
    for (let round = 0; round < 20_000; round++) {
      const frame = round % 2 === 0 ? random(1 + (round % 90)) : good.slice()
      if (round % 2 === 1) frame[round % frame.length] = random(1)[0] ?? 0
      if (round % 4 === 0) frame[0] = 0x10
      parseClientControl(frame)
      parseServerControl(frame)
      parseSend(frame)
      parseAck(frame)
      parseDeliver(frame)
    }
  })
})
