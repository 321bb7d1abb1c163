import { randomBytes } from 'node:crypto'
import { readId } from '@entangle/protocol'
import { expect, test } from 'vitest'
import {
  agreesWith,
  beginTranscript,
  differsFrom,
  extendTranscript,
  type LoggedEvent,
  seenPlaces,
  type Transcript,
} from '../src/conversations/transcript.ts'

const event = (seq: number): LoggedEvent => ({
  seq,
  messageId: readId(randomBytes(16)),
  senderDevice: readId(randomBytes(16)),
})

const follow = (
  from: Transcript | undefined,
  events: readonly LoggedEvent[],
  commits: readonly number[] = [],
): Transcript | undefined =>
  events.reduce<Transcript | undefined>(
    (transcript, one) => extendTranscript(transcript, one, commits.includes(one.seq)),
    from,
  )

const log = Array.from({ length: 12 }, (_, index) => event(index + 1))
const places = (first: number, last: number) => log.slice(first - 1, last)

test('P59 members who were told the same agree, however far each of them is', () => {
  for (let seen = 0; seen <= 12; seen++) {
    const sender = follow(beginTranscript(0), places(1, seen))
    for (let told = seen; told <= 12; told++) {
      const reader = follow(beginTranscript(0), places(1, told))
      expect(agreesWith(reader, told + 1, seenPlaces(sender))).toBe(true)
    }
  }
})

test('P59 exchanged, left out, put in, told as of another: seen by the next message', () => {
  const sender = follow(beginTranscript(0), log)
  const move = (event: LoggedEvent, seq: number) => ({ ...event, seq })
  const [first, second, third] = log
  if (first === undefined || second === undefined || third === undefined) throw new Error('no log')
  const lies = [
    [move(second, 1), move(first, 2), ...places(3, 12)],
    [first, ...places(3, 12).map(one => move(one, one.seq - 1)), event(12)],
    [first, event(2), ...places(2, 11).map(one => move(one, one.seq + 1))],
    [first, { ...second, senderDevice: third.senderDevice }, ...places(3, 12)],
  ]
  for (const told of lies) {
    expect(agreesWith(follow(beginTranscript(0), told), 13, seenPlaces(sender))).toBe(false)
  }
})

test('P59 nobody has seen the place of the message that says so, or a later one', () => {
  const sender = follow(beginTranscript(0), log)
  expect(agreesWith(beginTranscript(0), 12, seenPlaces(sender))).toBe(false)
  expect(agreesWith(undefined, 13, seenPlaces(sender))).toBe(true)
})

test('P59 with an epoch it starts anew for all, and who was in says how the one before ended', () => {
  const member = follow(beginTranscript(0), log, [6])
  const joiner = follow(beginTranscript(6), places(7, 12))
  expect(agreesWith(joiner, 13, seenPlaces(member))).toBe(true)
  expect(agreesWith(member, 13, seenPlaces(joiner))).toBe(true)
  const lied = follow(beginTranscript(0), [...places(1, 4), event(5), ...places(6, 12)], [6])
  expect(agreesWith(lied, 13, seenPlaces(member))).toBe(false)
  expect(follow(undefined, log, [6])?.began).toBe(6)
})

test('P59 a place that was told before is the same when it is told again', () => {
  const known = follow(beginTranscript(0), log)
  for (const one of log) {
    expect(differsFrom(known, one)).toBe(false)
    expect(differsFrom(known, event(one.seq))).toBe(true)
  }
  expect(differsFrom(known, event(13))).toBe(false)
})

test('P59 what is kept stays small, and what is too far back is not judged', () => {
  const many = Array.from({ length: 300 }, (_, index) => event(index + 1))
  const known = follow(beginTranscript(0), many)
  expect(known?.digests.length).toBe(64 * 16)
  expect(agreesWith(known, 301, [{ seq: 5, digest: new Uint8Array(16) }])).toBe(true)
})
