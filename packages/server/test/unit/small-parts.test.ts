import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { createFrameBuckets } from '../../src/chat/socket/frame-buckets.ts'
import { joinInPieces, wrapBinaryFrame } from '../../src/chat/socket/websocket-frames.ts'
import { createOrigins } from '../../src/http/origins.ts'
import { createLog, describeError } from '../../src/logging.ts'

test.each([
  [0, 2],
  [125, 2],
  [126, 4],
  [65_535, 4],
  [65_536, 10],
])('a payload of %i bytes gets a WebSocket header of %i', (length, headerBytes) => {
  const payload = randomBytes(length)
  const frame = wrapBinaryFrame(payload)
  expect(frame.length).toBe(headerBytes + length)
  expect(frame[0]).toBe(0x82)
  expect(frame.subarray(headerBytes).equals(payload)).toBe(true)
})

test('frames that leave together are joined in their order, in pieces no longer than asked for', () => {
  const frames = [3, 4, 2, 20, 1, 1].map(length => randomBytes(length))
  const pieces = joinInPieces(frames, 8)
  expect(pieces.map(({ length }) => length)).toEqual([7, 2, 20, 2])
  expect(Buffer.concat(pieces).equals(Buffer.concat(frames))).toBe(true)
})

test('P81 each kind of frame has a bucket of its own that fills again', () => {
  const buckets = createFrameBuckets()
  const count = (now: number) => {
    let passed = 0
    while (buckets.spend('ephemeral', now)) passed += 1
    return passed
  }
  expect(count(0)).toBe(20)
  expect(buckets.spend('send', 0)).toBe(true)
  expect(count(1000)).toBe(4)
  expect(count(3_600_000)).toBe(20)
})

test('P80 only our own origins pass, to the letter', () => {
  const local = createOrigins(undefined, () => 8420)
  expect(local.allows('http://localhost:8420')).toBe(true)
  expect(local.allows('http://127.0.0.1:8420')).toBe(true)
  expect(local.allows(undefined)).toBe(true)
  for (const origin of [
    'http://localhost:8421',
    'https://localhost:8420',
    'null',
    '',
    'http://localhost:8420.evil.example',
  ]) {
    expect(local.allows(origin)).toBe(false)
  }
  const open = createOrigins(new URL('https://chat.example/'), () => 8420)
  expect(open.allows('https://chat.example')).toBe(true)
  expect(open.allows('http://localhost:8420')).toBe(false)
  expect(open.socketOrigins()).toEqual(['wss://chat.example'])
})

test('P83 an unexpected error is logged by kind and place, never by its words', () => {
  let text = ''
  const log = createLog('info', { write: line => (text += line) })
  log.error('request failed', describeError(new TypeError('canary of alice')))
  expect(text).toContain('TypeError')
  expect(text).not.toContain('canary')
  expect(text).not.toContain('hostname')
})
